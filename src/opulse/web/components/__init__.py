"""What templates call: addresses of assets, formats by locale, the navigation, tones of states, geometry of charts.

In: values and the request's locale. Out: strings and safe markup. Nothing here knows a stage or a database.
"""
