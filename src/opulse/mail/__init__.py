"""Mail: a message is built once with slots and filled per person (``message``), handed to a relay in pipelined bursts
(``smtp``), every mail with exactly one outcome (``models``). For people to look at: the demo's sink (``inbox``).
Knows no stage and no database."""
