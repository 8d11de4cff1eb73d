"""Signing in to the classic portal: the app's cross login and the web page's cookie."""

from http.cookies import CookieError, SimpleCookie

from sems_exporter.simulator.classic.wire import ClassicQuirks, fields, form, token_header
from sems_exporter.simulator.server.account import Account, new_token
from sems_exporter.simulator.server.wire import JsonObject, Refusal, Request

KIND, WEB_KIND = "classic", "classic-web"
COOKIE = "ASP.NET_SessionId"
_SESSION_KEYS = ("uid", "timestamp", "token", "client", "version", "language")


class ClassicSignIn:
    """The two classic ways to sign in to the account."""

    def __init__(self, account: Account, quirks: ClassicQuirks) -> None:
        self._account, self._quirks = account, quirks

    def sign_in(self, request: Request, *, spoken: bool) -> JsonObject:
        """The login data; when the dialect is no longer spoken, a success that asks to agree and has no token."""
        header = token_header(request)
        if "version" not in header or "client" not in header:
            raise Refusal("100000")
        self._check_password(fields(request))
        if not self._opens(spoken=spoken):
            return {"agreement_agreement": True}
        session = {
            "uid": self._account.uid,
            "timestamp": int(self._account.timestamp() * 1000),
            "token": new_token(),
            **{key: str(header.get(key, "en")) for key in ("client", "version", "language")},
        }
        return self._account.begin(KIND, session)

    def sign_in_web(self, request: Request, *, spoken: bool) -> str:
        """The cookie value of a new web session; "" when the dialect is no longer spoken."""
        self._check_password(form(request))
        if not self._opens(spoken=spoken):
            return ""
        return str(self._account.begin(WEB_KIND, {"cookie": new_token()})["cookie"])

    def check(self, request: Request) -> None:
        """Raise a `Refusal` unless the token header belongs to the live session."""
        token = token_header(request)
        if any(key not in token for key in _SESSION_KEYS) or not token["token"] or not token["uid"]:
            raise Refusal("100001")
        session = self._account.session(KIND)
        if session is None or any(token[key] != session[key] for key in ("uid", "timestamp", "token")):
            raise Refusal("100002")

    def has_cookie(self, request: Request) -> bool:
        """Tell whether the request carries the cookie of the live web session."""
        session = self._account.session(WEB_KIND)
        try:
            cookie = SimpleCookie(request.headers.get("cookie", "")).get(COOKIE)
        except CookieError:
            return False
        return session is not None and cookie is not None and cookie.value == session["cookie"]

    def _opens(self, *, spoken: bool) -> bool:
        return spoken or self._quirks.when_off == "empty"

    def _check_password(self, body: JsonObject) -> None:
        if not self._account.admits(body.get("account"), body.get("pwd", ""), self._account.password):
            raise Refusal("100005")
