using GpuSvm.Live.Programs.Infrastructure;

namespace GpuSvm.Live.Programs;

/// <summary>Sessions that cannot begin: one clear error, and no process is left.</summary>
internal sealed class NoSession : ILiveProgram
{
    /// <inheritdoc/>
    public string Name => "no-session";

    /// <inheritdoc/>
    public async Task RunAsync(string[] args, TextWriter output)
    {
        await RefusedAsync<ArgumentException>(new SvmOptions { HeapLimit = 100 }, "HeapLimit", "100", "4096");
        await RefusedAsync<ArgumentException>(new SvmOptions { Sms = 129 }, "Sms", "1 to 128", "129");
        await RefusedAsync<ArgumentException>(new SvmOptions { FaultBufferEntries = 1 }, "FaultBufferEntries", "2 to 1048576", "was 1.");
        await RefusedAsync<SvmException>(new SvmOptions { EnginePath = "/nowhere/Engine.dll" }, "/nowhere/Engine.dll");
        string noProgram = typeof(VirtualAddress).Assembly.Location;
        await RefusedAsync<SvmException>(new SvmOptions { EnginePath = noProgram }, $"The engine, {noProgram}, ended with exit code");
        Environment.SetEnvironmentVariable("GPUSVM_NO_USERFAULTFD", "1");
        await RefusedAsync<SvmException>(new SvmOptions(), "GPUSVM_NO_USERFAULTFD=1");
    }

    private static async Task RefusedAsync<TException>(SvmOptions options, params string[] words)
        where TException : Exception
    {
        try
        {
            await SvmSession.OpenAsync(options);
            throw new CheckFailedException($"a session with {options} begins");
        }
        catch (TException refused)
        {
            foreach (string word in words)
            {
                Check.That(refused.Message.Contains(word, StringComparison.Ordinal), $"'{refused.Message}' names {word}.");
            }
        }

        Check.Equal("", string.Join(' ', ProcessView.Children()), $"children left after {options}");
    }
}
