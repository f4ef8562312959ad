"""The steps of a distribution: ask, send, steer, and what a person's own choice does to it.

``ask(ports, AskRequest) -> AskResult`` · ``preview(ports, AskRequest) -> AskResult`` · ``pause/resume/cancel/confirm(ports,
tenant, distribution, actor) -> Distribution`` · ``switch_mail(ports, tenant, paused, actor)`` · ``Sender(ports)`` with
``start``/``stop`` · ``find_invitation_in(conn, tenant, id) -> InvitedLink | None`` · ``unsubscribe_in(conn, tenant, id, now)`` ·
``mute_in(conn, tenant, id, until, now)`` · ``close_in(conn, tenant, id, now)``: answered, so another pulse may ask.
"""
