// Programs that use live memory, each run by a test in a process of its own, under a watchdog.
// GpuSvm.Live.Programs NAME [ARGUMENT…]; without arguments: the names. Exit code 0: what the program checks held.
using System.Reflection;
using GpuSvm.Live.Programs;

ILiveProgram[] programs =
[
    .. from type in Assembly.GetExecutingAssembly().GetTypes()
       where type.IsClass && typeof(ILiveProgram).IsAssignableFrom(type)
       select (ILiveProgram)Activator.CreateInstance(type)!,
];
if (args is [] || Array.Find(programs, program => program.Name == args[0]) is not { } named)
{
    Array.ForEach(programs, program => Console.Error.WriteLine(program.Name));
    return 2;
}

try
{
    await named.RunAsync(args[1..], Console.Out);
    return 0;
}
catch (CheckFailedException failed)
{
    Console.Error.WriteLine($"FAILED: {failed.Message}");
    return 1;
}
