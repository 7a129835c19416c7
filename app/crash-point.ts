/**
 * A named place where a test may kill the process: with `MILLRACE_CRASH_AT=<name>` in its environment the process sends
 * itself SIGKILL there, so nothing is flushed, closed or caught. Without the variable it costs one look at the environment.
 * Names are `<layer>.<part>.<moment>`, e.g. `lake.sink.after-write`; a second moment follows after a comma.
 */
export function crashPoint(name: string): void {
  const wanted = process.env.MILLRACE_CRASH_AT;
  if (wanted?.split(',').includes(name)) process.kill(process.pid, 'SIGKILL');
}
