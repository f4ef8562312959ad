"""A stand-in of a desktop's notification service on a real session bus, run by Debian's own Python (python3-dbus, python3-gi).

It answers ``org.freedesktop.Notifications`` as the Desktop Notifications Specification 1.2 says, writes each one down as a line
of JSON, and presses its first action once the file ``press`` is there. Nothing is drawn.
"""

import json
import sys
from pathlib import Path

NAME, PATH = "org.freedesktop.Notifications", "/org/freedesktop/Notifications"


def main(folder: Path) -> None:
    import dbus
    import dbus.service
    from dbus.mainloop.glib import DBusGMainLoop
    from gi.repository import GLib

    DBusGMainLoop(set_as_default=True)

    class Service(dbus.service.Object):
        def __init__(self, name):
            super().__init__(name, PATH)
            self.waiting = []

        @dbus.service.method(NAME, in_signature="susssasa{sv}i", out_signature="u")
        def Notify(self, app, replaces, icon, summary, body, actions, hints, expires):
            said = {
                "app": app,
                "summary": summary,
                "body": body,
                "actions": list(actions),
                "expires": expires,
            }
            with (folder / "notifications").open("a") as kept:
                kept.write(json.dumps(said) + "\n")
            self.waiting.append(actions)
            return len(self.waiting)

        @dbus.service.method(NAME, out_signature="as")
        def GetCapabilities(self):
            return ["actions", "body", "body-markup"]

        @dbus.service.method(NAME, out_signature="ssss")
        def GetServerInformation(self):
            return "stand-in", "tests", "1", "1.2"

        @dbus.service.method(NAME, in_signature="u")
        def CloseNotification(self, number):
            self.NotificationClosed(number, 3)

        @dbus.service.signal(NAME, signature="us")
        def ActionInvoked(self, number, action):
            pass

        @dbus.service.signal(NAME, signature="uu")
        def NotificationClosed(self, number, reason):
            pass

        def press(self):
            if (folder / "press").exists():
                while self.waiting:
                    number, actions = len(self.waiting), self.waiting.pop()
                    self.ActionInvoked(number, actions[0])
                    self.NotificationClosed(number, 2)
            return True

    bus = dbus.SessionBus()
    name = dbus.service.BusName(NAME, bus)
    service = Service(name)
    GLib.timeout_add(50, service.press)
    (folder / "ready").touch()
    GLib.MainLoop().run()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
