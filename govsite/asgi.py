"""The application that the web server runs: pages by HTTP, the live socket by WebSocket."""

from __future__ import annotations

import os

from channels.routing import ProtocolTypeRouter
from django.conf import settings
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "govsite.settings")
settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # else a warning is printed
pages = get_asgi_application()

from govsite import starting  # noqa: E402
from govsite.dashboard.scripts import Scripts  # noqa: E402
from govsite.live import floods, presence  # noqa: E402 - needs Django's settings and apps
from govsite.live.routing import websocket  # noqa: E402

starting.stop_unless_ready("web")
floods.limit()
presence.start()
application = ProtocolTypeRouter({"http": Scripts(pages), "websocket": websocket})
