"""``DesktopPrompts(ports)``: what an agent's heartbeat asks and tells."""
