using GpuSvm.Live.Tests.Infrastructure;
using Xunit.Abstractions;

namespace GpuSvm.Live.Tests.Protocol;

/// <summary>Messages of no library: a few seconds each here, for GPUSVM_FUZZ_SECONDS from seed GPUSVM_FUZZ_SEED where these are set.</summary>
public sealed class FuzzTests(ITestOutputHelper output)
{
    /// <summary>One seed, one sequence: other ones are for those who look for something.</summary>
    private const string DefaultSeed = "1";

    [LiveFact]
    public Task An_engine_answers_whatever_it_is_sent_or_ends_with_one_line() => FuzzAsync("fuzz-engine", "6");

    [LiveFact]
    public Task A_guard_stays_whatever_it_is_sent() => FuzzAsync("fuzz-guard", "3");

    [LiveFact]
    public Task An_app_gets_an_answer_or_an_error_whatever_its_engine_sends() => FuzzAsync("fuzz-client", "3");

    private async Task FuzzAsync(string program, string seconds)
    {
        string seed = Environment.GetEnvironmentVariable("GPUSVM_FUZZ_SEED") ?? DefaultSeed;
        output.WriteLine(await LiveProgram.RunAsync(program, seed, Environment.GetEnvironmentVariable("GPUSVM_FUZZ_SECONDS") ?? seconds));
    }
}
