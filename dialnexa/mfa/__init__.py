"""The second step of signing in: codes from an app, passkeys, recovery codes; who has to have one.

Built on allauth.mfa, which has two traps. It stores secrets as they are, unless its adapter seals them (see
``adapter``). And it remembers spent codes in the cache for 30 seconds, while they are accepted for 90 when
clocks may differ; here the last one spent stands in the row itself (see ``codes``).
"""
