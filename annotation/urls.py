"""Pages of people, inside ``projects/<slug>/``."""

from django.urls import path

from annotation.views import adjudication, feedback, lists, people, quality, queue, recent, workbench, workload

urlpatterns = [
    path("annotate/", workbench.workbench, name="workbench"),
    path("annotate/submit/", workbench.submit_answers, name="submit_answers"),
    path("annotate/draft/", workbench.save_draft, name="save_draft"),
    path("annotate/release/", workbench.release_item, name="release_item"),
    path("annotate/list/", lists.choose_lists, name="choose_lists"),
    path("annotate/list/submit/", lists.submit_list, name="submit_list"),
    path("annotate/list/draft/", lists.save_list_draft, name="save_list_draft"),
    path("annotate/list/release/", lists.release_list, name="release_list"),
    path("annotate/feedback/<uuid:key>/", feedback.feedback, name="feedback"),
    path("annotate/recent/", recent.recent, name="recent"),
    path("annotate/edit/<uuid:key>/", recent.edit_answers, name="edit_answers"),
    path("quality/", quality.quality, name="quality"),
    path("quality/measuring/", quality.set_measuring, name="set_measuring"),
    path("adjudicate/", adjudication.adjudication, name="adjudication"),
    path("adjudicate/<int:case_id>/", adjudication.dispute, name="dispute"),
    path("adjudicate/<int:case_id>/decide/", adjudication.decide, name="decide"),
    path("adjudicate/<int:case_id>/send-back/", adjudication.send_back, name="send_back"),
    path("people/", people.people, name="people"),
    path("people/invite/", people.invite_person, name="invite_person"),
    path("people/<int:person_id>/", people.annotator_terms, name="annotator_terms"),
    path("people/<int:person_id>/pause/", people.pause_person, name="pause_person"),
    path("people/<int:person_id>/take-back/", people.take_back_items, name="take_back_items"),
    path("workload/", workload.workload, name="workload"),
    path("queue/", queue.queue, name="queue"),
    path("queue/assign/", queue.assign_items, name="assign_items"),
]
