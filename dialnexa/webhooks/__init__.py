"""Webhooks: what happens in a workspace, told to the customer's own servers by signed POST requests.

``emitting`` writes down what is to be told, in the transaction of what happened. The rows are the jobs:
``sending`` takes them to the endpoints, again and again where that fails. Order is not promised.
"""
