"""The XM Directory extension: *distribute survey*. In: the contacts of a contact change. Out: a distribution that asks them."""
