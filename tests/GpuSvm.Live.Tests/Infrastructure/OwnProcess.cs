using System.Runtime.CompilerServices;

namespace GpuSvm.Live.Tests.Infrastructure;

/// <summary>Has a test that touches registered memory run in a process of its own, under a watchdog: a fault that nobody serves hangs it.</summary>
internal static class OwnProcess
{
    private const string Mark = "GPUSVM_TEST_IN_OWN_PROCESS";

    /// <summary>First line of such a test: <c>if (OwnProcess.Runs(this)) { return; }</c>.</summary>
    /// <param name="test">The test's object.</param>
    /// <param name="method">Its method, without parameters.</param>
    /// <returns>True once the process has run the test, and it passed; false in that process itself.</returns>
    public static bool Runs(object test, [CallerMemberName] string method = "")
    {
        if (Environment.GetEnvironmentVariable(Mark) == "1")
        {
            return false;
        }

        var environment = new Dictionary<string, string> { [Mark] = "1" };
        using LiveProgram program = LiveProgram.StartAssembly("GpuSvm.Live.Tests.dll", environment, [test.GetType().FullName!, method]);
        (int code, string errors) = program.EndAsync().GetAwaiter().GetResult();
        Assert.True(code == 0, $"exit code {code}\n{errors}");
        return true;
    }
}
