// One test in a process of its own: GpuSvm.Live.Tests TYPE METHOD. Started by OwnProcess; the exit code is 0 if the test passes.
using System.Reflection;

if (args is not [string type, string method])
{
    Console.Error.WriteLine("usage: GpuSvm.Live.Tests TYPE METHOD, or dotnet test");
    return 2;
}

object test = Activator.CreateInstance(Assembly.GetExecutingAssembly().GetType(type, throwOnError: true)!)!;
try
{
    test.GetType().GetMethod(method)!.Invoke(test, null);
    return 0;
}
catch (TargetInvocationException failed)
{
    Console.Error.WriteLine(failed.InnerException);
    return 1;
}
