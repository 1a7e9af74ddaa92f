"""The live socket's address, behind the session and the check of where the page came from."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from channels.auth import AuthMiddlewareStack
from channels.routing import URLRouter
from channels.security.websocket import AllowedHostsOriginValidator, WebsocketDenier
from django.conf import settings
from django.urls import path

from govsite.live.consumers import LiveConsumer


class OwnPages:
    """Lets in pages of the address that was asked, port included, and of `GOVSITE_ORIGINS`: what else a machine serves
    under its name has the same cookies."""

    def __init__(self, application: Any) -> None:
        self.application = application

    async def __call__(self, scope: Any, receive: Any, send: Any) -> Any:
        headers = dict(scope["headers"])
        origin, host = (headers.get(name, b"").decode("latin1") for name in (b"origin", b"host"))
        if origin in settings.CSRF_TRUSTED_ORIGINS or (host and urlsplit(origin).netloc == host):
            return await self.application(scope, receive, send)
        return await WebsocketDenier()(scope, receive, send)


_pages = AuthMiddlewareStack(URLRouter([path("ws/live/", LiveConsumer.as_asgi())]))
websocket = AllowedHostsOriginValidator(OwnPages(_pages))
