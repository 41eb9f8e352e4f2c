"""``make deploy-check``: docs/deploy.md, followed to the letter in a bare Debian.

The guide's ``sh`` blocks run in a root made by mmdebstrap, in namespaces of its own (loopback only, but for
blocks marked *internet*). systemd can't run there: ``systemctl`` starts what the units say. Then a customer
signs in through nginx, buys a number and stays while the next release is put in place. Needs root on Debian,
mmdebstrap and a way to Debian's packages and Python's.
"""
