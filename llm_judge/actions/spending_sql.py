"""What machines' answers cost, counted from completions."""

#: Completions up to this one are counted for good: whoever wrote them is through long ago.
SETTLED = """
SELECT o.id FROM llm_judge_completion o WHERE o.created_at < now() - interval '10 minutes' ORDER BY o.id DESC LIMIT 1
"""

#: Sums by judge, rater and criterion. What was answered of certify cases costs as the rest; how often such a case is
#: unscored is not told, so ``n_told`` counts the others.
SUMS = """
SELECT r.judge_id, o.rater_id, c.criterion_id,
       count(*) FILTER (WHERE o.judgment_id IS NOT NULL AND NOT o.is_cached) AS n_paid,
       count(*) FILTER (WHERE o.is_cached) AS n_cached,
       count(*) FILTER (WHERE o.judgment_id IS NULL) AS n_vain,
       count(*) FILTER (WHERE o.judgment_id IS NOT NULL AND i.stream <> 'certify') AS n_told,
       count(*) FILTER (WHERE o.judgment_id IS NOT NULL AND i.stream <> 'certify' AND o.error_kind <> '') AS n_unscored,
       coalesce(sum(o.prompt_tokens) FILTER (WHERE NOT o.is_cached), 0)::bigint AS prompt_tokens,
       coalesce(sum(o.completion_tokens) FILTER (WHERE NOT o.is_cached), 0)::bigint AS completion_tokens,
       coalesce(sum(o.latency_ms) FILTER (WHERE NOT o.is_cached), 0)::bigint AS latency_ms
FROM llm_judge_completion o
JOIN llm_judge_run r ON r.id = o.run_id AND r.project_id = %(project)s
JOIN judge_case c ON c.id = o.case_id
JOIN judge_item i ON i.id = c.item_id
WHERE o.id > %(after)s AND (%(until)s::bigint IS NULL OR o.id <= %(until)s)
GROUP BY r.judge_id, o.rater_id, c.criterion_id
"""

#: The latest paid answers, by rater, criterion and context: what averages are taken of.
LATEST = """
WITH latest AS (
    SELECT o.rater_id, o.case_id, o.prompt_tokens, o.completion_tokens, o.latency_ms
    FROM llm_judge_completion o JOIN llm_judge_run r ON r.id = o.run_id AND r.project_id = %(project)s
    WHERE o.judgment_id IS NOT NULL AND NOT o.is_cached
    ORDER BY o.id DESC LIMIT %(limit)s)
SELECT l.rater_id, c.criterion_id, i.context_id, count(*),
       sum(l.prompt_tokens)::bigint, sum(l.completion_tokens)::bigint, sum(l.latency_ms)::bigint
FROM latest l JOIN judge_case c ON c.id = l.case_id JOIN judge_item i ON i.id = c.item_id
GROUP BY l.rater_id, c.criterion_id, i.context_id
ORDER BY 1, 2, 3
"""

#: What moves without an event: tries in vain, and prices.
MARK = """
SELECT md5(concat_ws(':',
    (SELECT concat_ws('-', count(*), sum(n_done), sum(prompt_tokens + completion_tokens), max(progressed_at))
     FROM llm_judge_run WHERE project_id = %(project)s),
    (SELECT string_agg(concat_ws('-', id, price_in, price_out), ',' ORDER BY id) FROM llm_judge_endpoint)))
"""

#: Machines' votes by rater and criterion, portion by portion (judge.actions.tallies): none is ever taken back.
VOTES = """
SELECT j.rater_id, j.criterion_id, count(*)
FROM judge_judgment j JOIN judge_rater r ON r.id = j.rater_id AND r.kind = 'machine'
JOIN judge_criterion k ON k.id = j.criterion_id AND k.project_id = %(project)s
WHERE j.purpose = 'vote' AND j.id > %(after)s AND (%(until)s::bigint IS NULL OR j.id <= %(until)s)
GROUP BY 1, 2
"""

#: All cases by criterion, and those that nobody can judge any more: without their text and without the rater's vote.
CASES = "SELECT criterion_id, count(*) FROM judge_case WHERE project_id = %(project)s GROUP BY criterion_id"
ERASED = """
SELECT c.criterion_id, count(*)
FROM (SELECT id FROM judge_item WHERE project_id = %(project)s AND erased_at IS NOT NULL
      UNION SELECT i.id FROM judge_context x JOIN judge_item i ON i.context_id = x.id
            WHERE x.project_id = %(project)s AND x.erased_at IS NOT NULL) gone
JOIN judge_case c ON c.item_id = gone.id
WHERE NOT EXISTS (SELECT FROM judge_judgment j WHERE j.case_id = c.id AND j.rater_id = %(rater)s
                    AND j.purpose = 'vote' AND j.retracted_at IS NULL)
GROUP BY 1
"""
