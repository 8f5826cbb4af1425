"""The editor's parts: reading an instruction, carrying it out on a composition, telling what was done."""
