"""The Wait extension: let time pass, then evaluate conditions on the values of that moment. In: a run. Out: who goes on."""
