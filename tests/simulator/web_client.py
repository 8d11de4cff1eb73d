"""A minimal SEMS+ web client for these tests, written from the portal notes and not from the package."""

import base64
import hashlib
import json
from typing import Any

import requests

from sems_exporter.simulator import SimulatedPortal
from tests.simulator.sessions import PATIENCE, new_session

BOOTSTRAP = {"uid": "", "timestamp": 0, "token": "", "client": "semsPlusWeb", "version": "", "language": "en"}
AGREED = {"agreement": 1, "isLocal": False, "isChinese": False}


def sign(milliseconds: int, uid: str, token: str) -> str:
    digest = hashlib.sha256(f"{milliseconds}@{uid}@{token}".encode()).hexdigest()
    return base64.b64encode(f"{digest}@{milliseconds}".encode()).decode()


def encode(password: str) -> str:
    return base64.b64encode(hashlib.md5(password.encode()).hexdigest().encode()).decode()


class WebClient:
    """Signs in and calls as the browser does; every part can be spoiled by a test."""

    def __init__(self, portal: SimulatedPortal, password: str = "demo") -> None:
        self.portal = portal
        self.body: dict[str, Any] = {"account": "demo@example.com", "pwd": encode(password), **AGREED}
        self.bootstrap: dict[str, Any] = dict(BOOTSTRAP)
        self.session: dict[str, Any] = {}
        self.clock_error = 0.0
        self.http = new_session()

    def milliseconds(self) -> int:
        return int((self.portal.clock.now().timestamp() + self.clock_error) * 1000)

    def login(self, *, signature: str | None = None) -> dict[str, Any]:
        """Sign in and return the envelope; a signature of "" leaves the header out."""
        headers = {"token": json.dumps(self.bootstrap)}
        signed = sign(self.milliseconds(), "", "") if signature is None else signature
        if signed:
            headers["X-Signature"] = signed
        envelope = self.http.post(self.portal.login_url, json=self.body, headers=headers, timeout=PATIENCE).json()
        self.session = envelope.get("data") or {}
        return dict(envelope)

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        uid, token = str(self.session.get("uid", "")), str(self.session.get("token", ""))
        headers = {"token": json.dumps(self.session), "X-Signature": sign(self.milliseconds(), uid, token)}
        headers |= options.pop("headers", {})
        return self.http.request(method, self.portal.gateway + path, headers=headers, timeout=PATIENCE, **options)

    def get(self, path: str, **query: str) -> dict[str, Any]:
        return dict(self.call("GET", f"/sems-plant/api{path}", params=query).json())

    def post(self, path: str, body: dict[str, Any], **query: str) -> dict[str, Any]:
        return dict(self.call("POST", path, json=body, params=query).json())

    def flow(self, station: str) -> dict[str, Any]:
        return self.get("/stations/flow", stationId=station)

    def stations(self, **paging: Any) -> dict[str, Any]:
        return self.post("/sems-plant/api/portal/stations/page", paging)

    def factors(self, kind: str, serial: str, device_type: str) -> dict[str, Any]:
        """The factors of a telemetry or telecounting answer by code."""
        answer = self.get(f"/equipments/{serial}/{kind}", deviceType=device_type)
        return {factor["code"]: factor for group in answer["data"] for factor in group["factors"]}
