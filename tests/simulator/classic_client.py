"""Minimal classic clients for these tests, the app's and the web page's, written from the portal notes."""

import base64
import json
from typing import Any

import requests

from sems_exporter.simulator import SimulatedPortal
from tests.simulator.sessions import PATIENCE, new_session

BOOTSTRAP = {"version": "3.1.1", "client": "ios", "language": "en"}


class ClassicClient:
    """Signs in as the app did; every part can be spoiled by a test."""

    def __init__(self, portal: SimulatedPortal, password: str = "demo") -> None:
        self.portal = portal
        self.body: dict[str, Any] = {"account": "demo@example.com", "pwd": password}
        self.bootstrap: dict[str, Any] = dict(BOOTSTRAP)
        self.session: dict[str, Any] = {}
        self.encoded = False
        self.http = new_session()

    def header(self, content: dict[str, Any]) -> dict[str, str]:
        text = json.dumps(content)
        return {"token": base64.b64encode(text.encode()).decode() if self.encoded else text}

    def login(self, version: int = 3, *, form: bool = False) -> requests.Response:
        address = f"{self.portal.base}/api/v{version}/Common/CrossLogin"
        sent: dict[str, Any] = {"data": self.body} if form else {"json": self.body}
        answer = self.http.post(address, headers=self.header(self.bootstrap), timeout=PATIENCE, **sent)
        if answer.status_code == 200:
            self.session = answer.json().get("data") or {}
        return answer

    def call(self, path: str, **body: Any) -> dict[str, Any]:
        address = f"{self.portal.base}/api/{path}"
        return dict(self.http.post(address, json=body, headers=self.header(self.session), timeout=PATIENCE).json())

    def monitor(self, station: str) -> dict[str, Any]:
        answer = self.call("v3/PowerStation/GetMonitorDetailByPowerstationId", powerStationId=station)
        return dict(answer["data"])


class CookieClient:
    """Signs in as the web page did and calls through its proxy."""

    def __init__(self, portal: SimulatedPortal) -> None:
        self.portal = portal
        self.http = new_session()

    def login(self, password: str = "demo") -> dict[str, Any]:
        body = {"account": "demo@example.com", "pwd": password, "code": ""}
        return dict(self.http.post(f"{self.portal.base}/Home/Login", data=body, timeout=PATIENCE).json())

    def post(self, api: str, **parameters: Any) -> requests.Response:
        text = json.dumps({"api": api, "param": parameters})
        address = f"{self.portal.base}/GopsApi/Post"
        return self.http.post(address, params={"s": api}, data={"str": text}, timeout=PATIENCE, allow_redirects=False)
