// Programs that use live memory, each run by a test in a process of its own, under a watchdog.
Console.Error.WriteLine("usage: GpuSvm.Live.Programs PROGRAM");
return 2;
