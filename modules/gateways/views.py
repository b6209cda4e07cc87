"""Everything that is served under /gateways: the office's screens, and what gateways send."""

from modules.gateways import (
    desk_views,
    layout_views,
    live_views,
    notice_views,
    out_views,
    pay_views,
    paying_views,
    pull_views,
    refund_views,
    settling_views,
)
from modules.gateways.blueprint import bp

__all__ = ["bp", "desk_views", "layout_views", "live_views", "notice_views", "out_views", "pay_views", "paying_views",
           "pull_views", "refund_views", "settling_views"]
