# Signals that stop a run; every process of the workflow reads this.
import signal
from threading import Thread

from snakemake.scheduling.job_scheduler import JobScheduler


def in_a_thread(handler):
    """Handle a signal in a thread, which may wait for locks that the interrupted code holds."""
    return lambda *arguments: Thread(target=handler, args=arguments).start()


# Snakemake's own handler of SIGTERM takes locks: where the signal arrives while the scheduler holds
# one of them, the run hangs forever.
JobScheduler.exit_gracefully = in_a_thread(JobScheduler.exit_gracefully)

# A closed terminal ends a run as Ctrl-C does; Snakemake itself handles Ctrl-C and SIGTERM only.
if workflow.is_main_process and signal.getsignal(signal.SIGHUP) == signal.SIG_DFL:
    signal.signal(signal.SIGHUP, signal.default_int_handler)
