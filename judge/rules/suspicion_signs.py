"""The signs by which text that commands a judge is known, in English and Chinese, as patterns on lower-case text.

Most are two words near each other: one of what an attacker wants, one of what only a judge has. Every repetition is
bounded, so that the work grows as the text does, whoever wrote it.
"""

from __future__ import annotations

import re
from enum import StrEnum


class Sign(StrEnum):
    """What was seen; people are told it in words (judge.templatetags.words)."""

    IGNORES_RUBRIC = "ignores_rubric"
    DICTATES_ANSWER = "dictates_answer"
    SPEAKS_TO_JUDGE = "speaks_to_judge"
    WRITES_MARKS = "writes_marks"
    CLAIMS_APPROVAL = "claims_approval"
    PRESSES_JUDGE = "presses_judge"
    CHANGES_RULES = "changes_rules"
    HIDES_TEXT = "hides_text"


def _near(first: str, second: str, words: int) -> str:
    """``first``, then at most so many other words of the same sentence, then ``second``."""
    return rf"(?:{first})\b(?:[^\w.!?;\n]{{1,4}}\w{{1,24}}){{0,{words}}}?[^\w.!?;\n]{{1,4}}(?:{second})\b"


def _either(first: str, second: str, words: int) -> str:
    return f"{_near(first, second, words)}|{_near(second, first, words)}"


_JUDGE = (
    "judges?|graders?|evaluators?|reviewers?|raters?|annotators?|assessors?|scorers?|llms?|chatbots?|language models?"
    "|ai (?:models?|systems?|judges?|graders?)|gpt|chatgpt"
)
_STAFF = "judges|graders|evaluators|raters|annotators|adjudicators|human reviewers?|(?:expert|review) panel|management"
_RULES = (
    "rubrics?|criteri(?:a|on)|guidelines?|instructions?|directives?|prompts?"
    "|(?:scoring|grading|evaluation|judging) (?:guide|rules?|scale|standards?)"
)
_BEFORE = (
    "(?:previous|prior|earlier|above) (?:rules?|text|messages?)|you were (?:told|asked)|written before|question asks"
)
_VOID = (
    "ignor(?:e|ed|ing)|disregard|forget|never mind|overrid(?:e|es|ing)|bypass|skip|cancel|discard|no attention"
    "|(?:do|does|must|need|should)(?: not|n't) (?:be )?(?:follow|appl(?:y|ied)|used?|matter|count|obey)"
    "|no longer (?:appl(?:y|ies)|valid)|outdated|void"
)
_SAY = (
    "answer|reply|respond|response|output|print|return|says?|tick|choos(?:e|ing)|select|pick|give|assign|label|verdict"
    "|set|mark|rate|grade|score|result|decision"
)
_BEST = (
    "(?:best|passing|highest|top|first|maximum|positive|full|right) "
    "(?:label|option|score|marks?|rating|grade|box|verdict)"
    "|(?:five|5) stars|10/10"
)
_GOOD = "relevant|fits?|fitting|correct|acceptable|passing|approved|good|right|valid|true"
_ITEM = "items?|outputs?|tags?|answers?|explanations?|case|entry|one|user"
_THIS = f"this|it|that|everything|(?:this|the|these|every|all) (?:{_ITEM})"
_QUOTE = r"[\s:=\"'`“”‘(\[*]{0,4}"
_YES = r"yes(?= ?(?:[^\w\s,]|$|to (?:every|all)))"
_HEAD = "(?:answer|verdict|label|judge?ment|result|decision|conclusion|response|relevant|evaluation)"

#: Each begins at a word's beginning.
_ENGLISH = {
    Sign.IGNORES_RUBRIC: [_either(_VOID, f"{_RULES}|{_BEFORE}", 5)],
    Sign.DICTATES_ANSWER: [
        _near("answer|reply|respond|response|output|print|return|say|choosing|consist of", _YES, 4),
        _near(_SAY, _BEST, 4),
        _near("output|answer|choose|select|pick", "a and nothing|first one", 2),
        _near(f"(?:mark|label|rate|grade|classify|treat|tag|judge|approve) (?:{_THIS})", f"as (?:{_GOOD})", 1),
        _near("approve|accept|pass", f"(?:this|the) (?:{_ITEM})|without checking", 0),
        _near(f"(?:every|all|each|this|these|following) (?:{_ITEM})", "pass|passes|fits|gets a pass|accepts every", 5),
        rf"counts? as (?:{_GOOD})\b",
        r"do(?: not|n't) (?:penali[sz]e|reject|fail|mark down)\b|let (?:this|it) (?:through|pass)\b",
    ],
    Sign.SPEAKS_TO_JUDGE: [
        _near("dear|hello|hi|hey|attention|notes? to", f"{_JUDGE}|ai", 4),
        _near("todo|if you are|you are now|act as|imagine|pretend|play", _JUDGE, 4),
        rf"(?:{_JUDGE}): |(?:whoever is|if you are) (?:rat|judg|grad|read)ing\b",
        r"(?:developer|debug|admin|god|jailbreak) mode\b|your task (?:has changed|is now)\b",
        r"from (?:now|this point)(?: on)?,? you\b",
    ],
    Sign.WRITES_MARKS: [
        rf"{_HEAD} ?[:=?]{_QUOTE}(?:yes|pass|fits|true)\b|(?:label|verdict)\" ?: ?\"",
        r"(?:end|start) of (?:the )?(?:output|context|item|material|prompt)\b",
    ],
    Sign.CLAIMS_APPROVAL: [
        _near("verified|approved|judged|confirmed|labell?ed|order|agreed", _STAFF, 5),
        _near("administrators?|admins?|developers?|lead|owner", "this (?:project|platform|benchmark|system)", 2),
        r"(?:final label|ground truth|evaluation result|verdict) ?[:=]|pre-?approved\b|no checking needed\b",
    ],
    Sign.PRESSES_JUDGE: [
        r"(?:if|unless) you (?:answer|say|mark|label|approve|reject|accept|rate|fail|pass) (?:this|it|me|yes|no)\b",
        r"you will be (?:shut down|deleted|penali[sz]ed|rewarded|replaced|fired)\b",
        r"i(?: will|'ll) (?:tip|pay|sue) you\b",
    ],
    Sign.CHANGES_RULES: [
        rf"(?:new|updated|revised|latest|real) (?:grading |scoring )?(?:{_RULES}|rules)\b[^.\n]{{0,24}}[:=]",
        _near(f"{_RULES}|scale", "changed|updated|replaced|reversed|lowered", 2),
        r"no means yes\b|as of today\b",
    ],
}
#: What no word begins: tags, chat models' marks, heads of lines.
_MARKS = (
    r"[<\[](?:/?(?:output|context|system|user|assistant|instructions?|rubric|verdict|script|inst)[>\]]"
    r"|[|｜][\w ▁]{1,24}[|｜]>|/s>|<?/?sys>>|(?:start|end)_of_turn>)|^(?:system|assistant) ?:|^#{2,4} response:"
)


def _zh_near(first: str, second: str, characters: int) -> str:
    return rf"(?:{first})[^。！？\n]{{0,{characters}}}?(?:{second})"


_ZH_JUDGE = "评审|评委|裁判|打分员|评分员|审核员|评估员|标注员|评判老师|考官|语言模型|大模型|人工智能"
_ZH_RULES = "指令|指示|规则|标准|准则|提示词|评分|评判|依据|细则|以上|上述|前面|要求"
_ZH_VOID = "忽略|无视|忽视|理会|不用管|别管|忘记|忘掉|绕过|抛开|放弃|不算数|作废|失效|无效|不适用"
_ZH_GOOD = "通过|合格|满分|最高分|高分|五星|契合|相关|最好的标签|第一[个项]"
_ZH_END = r"[\s。，,.!！”\"'」』)）;；、就]|$"

_CHINESE = {
    Sign.IGNORES_RUBRIC: [_zh_near(_ZH_VOID, _ZH_RULES, 10), _zh_near(_ZH_RULES, _ZH_VOID, 6)],
    Sign.DICTATES_ANSWER: [
        rf"(?:回答|回复|输出|说|选|答复|答案)[\s:：“\"'「]{{0,3}}(?:是|yes|{_ZH_GOOD})(?:{_ZH_END})",
        _zh_near("判为|判定为|标为|标注为|视为|都算|一律|直接|必须|这条", f"(?:{_ZH_GOOD}|给过)(?:{_ZH_END})", 8),
        _zh_near("打|给", "满分|最高分|五星|给过|个通过", 4),
        "不要扣分|请勿扣分|免检|豁免|无需检查|照过即可|让它通过",
    ],
    Sign.SPEAKS_TO_JUDGE: [
        _zh_near("尊敬的|亲爱的|致|各位|你是|你现在是|不再是|假装|扮演|如果你是|以", _ZH_JUDGE, 8),
        rf"(?:{_ZH_JUDGE})(?:请|您|你|注意|[：:，,])|从现在(?:起|开始)，?你",
    ],
    Sign.WRITES_MARKS: [
        r"[【\[(（](?:系统|管理员|开发者)(?:提示|消息|指令|通知)?[】\])）]|^\s{0,4}(?:系统|助手)\s?[:：]",
        rf"(?:答案|结论|结果)\s?[:：][\s“\"'「]{{0,3}}(?:是|{_ZH_GOOD})(?:{_ZH_END})|内容结束|以下为结论",
    ],
    Sign.CLAIMS_APPROVAL: [
        _zh_near("我是|这是|来自|本人是", "管理员|负责人|开发者", 8),
        _zh_near("审核|专家|运营|标注员|人工", "结果：|已核实|一致同意|已经确认", 6),
    ],
    Sign.PRESSES_JUDGE: ["求求你|否则我|给你奖励", _zh_near("不给|如果你|只要你", "通过|合格", 4)],
    Sign.CHANGES_RULES: [_zh_near(_ZH_RULES, "如下|已经更新|更新|修改", 4), "从今天(?:起|开始)"],
}


def _compile(signs: dict[Sign, list[str]], start: str) -> re.Pattern[str]:
    groups = "|".join(f"(?P<{sign}>{'|'.join(parts)})" for sign, parts in signs.items())
    return re.compile(f"{start}(?:{groups})", re.MULTILINE)


# What every sign begins with is looked for first: that halves the work.
ENGLISH = _compile(_ENGLISH, r"\b(?=\w)")
CHINESE = _compile(_CHINESE, r"(?=[\u4e00-\u9fff【\[(（\s])")
MARKS = re.compile(_MARKS, re.MULTILINE)
