"""GraalPy: `sys.getrefcount` answers -1 for an object that only Python code holds, where PyPy has no such function.

langsmith asks it whether anybody but the thread that sends traces holds the client (`keep_thread_active` in
`langsmith/_internal/_background_thread.py`), and where it is missing lets the thread run. So on GraalPy the thread ends
when it starts, and no trace is ever sent.
"""

import sys

print(sys.getrefcount(object()) if hasattr(sys, "getrefcount") else "there is no sys.getrefcount")
