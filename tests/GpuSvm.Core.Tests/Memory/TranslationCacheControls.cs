using GpuSvm.Controls;

namespace GpuSvm.Core.Tests.Memory;

public sealed class TranslationCacheControls
{
    [Fact]
    public void A_page_that_moves_is_never_read_through_an_old_translation() => Expect(Verdict.Clean, BrokenControl.Run("translation-cache"));

    [Theory]
    [InlineData("in-flight-not-waited-for")]
    [InlineData("fill-not-rechecked")]
    public void Stale_reads_are_seen_when_the_protocol_is_broken(string breakName) =>
        Expect(Verdict.Caught, BrokenControl.Run("translation-cache", breakName));

    private static void Expect(Verdict expected, ControlResult result) => Assert.True(result.Verdict == expected, result.ToString());
}
