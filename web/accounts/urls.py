from django.urls import include, path

from accounts.api import account as account_api
from accounts.api import auth as auth_api
from accounts.api import invitations as invitations_api
from accounts.views import account, invitations, passwords, signing

app_name = "accounts"
pages = [
    path("sign-in/", signing.SignInView.as_view(), name="sign_in"),
    path("sign-out/", signing.SignOutView.as_view(), name="sign_out"),
    path("account/", account.AccountView.as_view(), name="account"),
    path("account/password/", account.PasswordView.as_view(), name="password"),
    path(
        "account/sign-ins/<uuid:pk>/revoke/",
        account.RevokeSignInView.as_view(),
        name="revoke_sign_in",
    ),
    path(
        "account/sign-out-everywhere/",
        account.SignOutEverywhereView.as_view(),
        name="sign_out_everywhere",
    ),
    path("password-reset/", passwords.RequestResetView.as_view(), name="reset_request"),
    path("password-reset/sent/", passwords.ResetSentView.as_view(), name="reset_sent"),
    path(
        "password-reset/<str:uid>/<str:token>/",
        passwords.ResetView.as_view(),
        name="reset_confirm",
    ),
    path("invitations/", invitations.InvitationsView.as_view(), name="invitations"),
    path(
        "invitations/<int:pk>/send/",
        invitations.SendAgainView.as_view(),
        name="send_invitation",
    ),
    path(
        "invitations/<int:pk>/withdraw/",
        invitations.WithdrawView.as_view(),
        name="withdraw_invitation",
    ),
    path(
        "invitations/<str:key>/",
        invitations.AcceptView.as_view(),
        name="accept_invitation",
    ),
]
api = [
    path("auth/sign-in/", auth_api.SignInApi.as_view(), name="api_sign_in"),
    path("auth/sign-out/", auth_api.SignOutApi.as_view(), name="api_sign_out"),
    path(
        "auth/sign-out-everywhere/",
        auth_api.SignOutEverywhereApi.as_view(),
        name="api_sign_out_everywhere",
    ),
    path("auth/tokens/", auth_api.TokensApi.as_view(), name="api_tokens"),
    path("auth/tokens/refresh/", auth_api.RefreshApi.as_view(), name="api_refresh"),
    path("account/", account_api.AccountDetailApi.as_view(), name="api_account"),
    path("account/password/", account_api.PasswordApi.as_view(), name="api_password"),
    path(
        "account/password-reset/",
        account_api.RequestResetApi.as_view(),
        name="api_request_reset",
    ),
    path(
        "account/password-reset/confirm/",
        account_api.ResetPasswordApi.as_view(),
        name="api_reset",
    ),
    path("account/sign-ins/", account_api.SignInListApi.as_view(), name="api_sign_ins"),
    path(
        "account/sign-ins/<uuid:pk>/",
        account_api.SignInDetailApi.as_view(),
        name="api_sign_in_detail",
    ),
    path(
        "invitations/",
        invitations_api.InvitationListApi.as_view(),
        name="api_invitations",
    ),
    path(
        "invitations/accept/",
        invitations_api.AcceptInvitationApi.as_view(),
        name="api_accept_invitation",
    ),
    path(
        "invitations/<int:pk>/",
        invitations_api.InvitationDetailApi.as_view(),
        name="api_invitation",
    ),
]
urlpatterns = [
    *pages,
    # Asked by nginx: see nginx/templates/servers/locations.inc.template.
    path("auth/staff", signing.staff_gate, name="staff_gate"),
    path("api/", include(api)),
]
