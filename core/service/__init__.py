"""The debug service: takes the calls of data actions, and tells what belongs together.

inbound   the call of a data action, checked
handling  the user's handler, and what comes of it
guard     who may come in, and how much they may bring
answers   JSON and the page that describes the service
app       the routes
serving   the server
"""

from .app import create_service
from .guard import Limits
from .handling import Handler, load_handler
from .inbound import InboundCall
from .serving import serve

__all__ = ["Handler", "InboundCall", "Limits", "create_service", "load_handler", "serve"]
