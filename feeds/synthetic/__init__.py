"""An invented market: seeded, correlated, with regimes, jumps and, where a scenario wants them, crashes and bursts."""

from feeds.synthetic.listings import LISTINGS as LISTINGS
from feeds.synthetic.listings import Listing as Listing
from feeds.synthetic.market import OUTLIER_TIMES as OUTLIER_TIMES
from feeds.synthetic.market import SyntheticMarket as SyntheticMarket
from feeds.synthetic.scenario import REGIMES as REGIMES
from feeds.synthetic.scenario import SCENARIOS as SCENARIOS
from feeds.synthetic.scenario import RegimeName as RegimeName
from feeds.synthetic.scenario import Scenario as Scenario
