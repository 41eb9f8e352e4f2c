"""What sipp plays: callers and agents, as the insides of its XML."""

from __future__ import annotations

SDP = """v=0
o=user 1 1 IN IP4 [local_ip]
s=-
c=IN IP4 [local_ip]
t=0 0
m=audio 6000 RTP/AVP 0
a=rtpmap:0 PCMU/8000
"""
HEADS = """From: <sip:{caller}@[local_ip]:[local_port]>;tag=[pid]c[call_number]
To: <sip:{called}@[remote_ip]:[remote_port]>{tag}
Call-ID: [call_id]
CSeq: {seq}
Contact: <sip:caller@[local_ip]:[local_port]>
Max-Forwards: 70
"""
INVITE = """<send retrans="500"><![CDATA[
INVITE sip:{called}@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch]
{heads}Content-Type: application/sdp
Content-Length: [len]

{sdp}
]]></send>
<recv response="100" optional="true"></recv>
"""
ANSWERED = """<recv response="180" optional="true"></recv>
<recv response="200" rrs="true"></recv>
<send><![CDATA[
ACK [next_url] SIP/2.0
Via: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch]
[routes]
{ack}Content-Length: 0

]]></send>
<pause milliseconds="{speaks}"/>
<send retrans="500"><![CDATA[
BYE [next_url] SIP/2.0
Via: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch]
[routes]
{bye}Content-Length: 0

]]></send>
<recv response="200"></recv>
"""
REFUSED = """<recv response="{code}"></recv>
<send><![CDATA[
ACK sip:{called}@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch-3]
{ack}Content-Length: 0

]]></send>
"""
CANCELLED = """<recv response="180"></recv>
<send retrans="500"><![CDATA[
CANCEL sip:{called}@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch-3]
{cancel}Content-Length: 0

]]></send>
<recv response="200"></recv>
<recv response="487"></recv>
<send><![CDATA[
ACK sip:{called}@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch-6]
{ack}Content-Length: 0

]]></send>
"""
OTHER = """<send retrans="500"><![CDATA[
{method} sip:{called}@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch]
{heads}Route: <sip:127.0.0.1:9;lr>
Content-Length: 0

]]></send>
<recv response="{code}"></recv>
"""
RINGING = """<recv request="INVITE"></recv>
<send><![CDATA[
SIP/2.0 180 Ringing
{echo}Contact: <sip:desk@[local_ip]:[local_port]>
Content-Length: 0

]]></send>
<recv request="CANCEL"></recv>
<send><![CDATA[
SIP/2.0 200 OK
{echo}Content-Length: 0

]]></send>
<send retrans="500"><![CDATA[
SIP/2.0 487 Request Terminated
[last_Via:]
[last_From:]
[last_To:];tag=[pid]a[call_number]
[last_Call-ID:]
CSeq: 1 INVITE
Content-Length: 0

]]></send>
<recv request="ACK"></recv>
"""
AGENT = """<recv request="INVITE" rrs="true"></recv>
<send><![CDATA[
SIP/2.0 180 Ringing
{echo}Contact: <sip:desk@[local_ip]:[local_port]>
Content-Length: 0

]]></send>
<send retrans="500"><![CDATA[
SIP/2.0 200 OK
{echo}[last_Record-Route:]
Contact: <sip:desk@[local_ip]:[local_port]>
Content-Type: application/sdp
Content-Length: [len]

{sdp}
]]></send>
<recv request="ACK"></recv>
<recv request="BYE"></recv>
<send><![CDATA[
SIP/2.0 200 OK
{echo}Content-Length: 0

]]></send>
"""
DECLINING = """<recv request="INVITE"></recv>
<send retrans="500"><![CDATA[
SIP/2.0 {status}
{echo}Content-Length: 0

]]></send>
<recv request="ACK"></recv>
"""
ECHO = """[last_Via:]
[last_From:]
[last_To:];tag=[pid]a[call_number]
[last_Call-ID:]
[last_CSeq:]
"""
