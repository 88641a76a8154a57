from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from judge.views import (
    accounts,
    agreement,
    certificates,
    examples,
    exports,
    health,
    identities,
    imports,
    items,
    members,
    milestones,
    own_account,
    projects,
    reopenings,
    rubrics,
)

inside: list[URLPattern | URLResolver] = [
    path("", projects.project, name="project"),
    path("items/", items.items, name="items"),
    path("items/<int:item_id>/", items.item, name="item"),
    path("cases/<int:case_id>/reopen/", reopenings.reopen_case, name="reopen_case"),
    path("cases/<int:case_id>/overturn/", reopenings.overturn_label, name="overturn_label"),
    path("import/", imports.import_items, name="import_items"),
    path("import/<uuid:key>/rejected/", imports.rejected_lines, name="rejected_lines"),
    path("export/", exports.export_labels, name="export_labels"),
    path("export/<uuid:key>/file/", exports.export_file, name="export_file"),
    path("export/snapshots/<int:snapshot_id>/again/", exports.make_snapshot_again, name="make_snapshot_again"),
    path("agreement/", agreement.agreement, name="agreement"),
    path("rubric/", rubrics.rubric, name="rubric"),
    path("rubric/examples/<int:case_id>/", examples.make_example, name="make_example"),
    path("certificates/", certificates.certificates, name="certificates"),
    path("certificates/test/", certificates.certify_now, name="certify_now"),
    path("certificates/risks/", certificates.set_risks, name="set_risks"),
    path("certificates/<int:certificate_id>/withdraw/", certificates.withdraw_certificate, name="withdraw_certificate"),
    path("milestones/", milestones.milestones, name="milestones"),
    path("milestones/draw/", milestones.draw_milestone, name="draw_milestone"),
    path("members/", members.members, name="members"),
    path("", include("annotation.urls")),
    path("", include("llm_judge.urls")),
]

urlpatterns = [
    path("", projects.projects, name="projects"),
    path("projects/<str:slug>/", include(inside)),
    path("login/", accounts.login, name="login"),
    path("welcome/<str:uidb64>/<str:token>/", accounts.set_password, name="set_password"),
    path("account/", own_account.account, name="account"),
    path("account/login/", accounts.account_login, name="account_login"),
    path("account/forgotten/", accounts.forgot_password, name="forgot_password"),
    path("account/password/", own_account.account_change_password, name="account_change_password"),
    path("account/again/", own_account.account_reauthenticate, name="account_reauthenticate"),
    path("account/code/", own_account.mfa_authenticate, name="mfa_authenticate"),
    path("account/code/again/", own_account.mfa_reauthenticate, name="mfa_reauthenticate"),
    path("account/second-factor/", own_account.mfa_index, name="mfa_index"),
    path("account/second-factor/set-up/", own_account.mfa_activate_totp, name="mfa_activate_totp"),
    path("account/second-factor/give-up/", own_account.mfa_deactivate_totp, name="mfa_deactivate_totp"),
    path("account/codes/", own_account.mfa_view_recovery_codes, name="mfa_view_recovery_codes"),
    path("account/codes/new/", own_account.mfa_generate_recovery_codes, name="mfa_generate_recovery_codes"),
    path("account/identities/", identities.socialaccount_connections, name="socialaccount_connections"),
    path("login/cancelled/", identities.socialaccount_login_cancelled, name="socialaccount_login_cancelled"),
    path("login/<str:provider_id>/", identities.openid_connect_login, name="openid_connect_login"),
    path("login/<str:provider_id>/callback/", identities.openid_connect_callback, name="openid_connect_callback"),
    path("logout/", accounts.logout, name="logout"),
    path("language/", accounts.set_language, name="set_language"),
    path("healthz", health.healthz, name="healthz"),
    path("admin/", admin.site.urls),
]

handler403 = "judge.views.errors.not_allowed"
handler404 = "judge.views.errors.not_found"
handler500 = "judge.views.errors.failed"
