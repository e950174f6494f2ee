using System.Text.Json;
using GpuSvm.Live.Programs.Kernels;

namespace GpuSvm.Live.Tests.Kernels;

/// <summary>What a kernel threw arrives whole, as text, whatever it is.</summary>
public sealed class KernelExceptionTests
{
    [Fact]
    public void Type_message_place_and_cause_are_kept()
    {
        using var rig = new KernelRig();

        KernelException e = KernelException.Of(rig.Launch(TestKernels.PrivateKernel, 7).Exception!);

        Assert.Equal("GpuSvm.Live.Programs.Kernels.OwnException", e.RemoteType);
        Assert.Equal("private 7", e.Message);
        Assert.StartsWith(
            "   at GpuSvm.Live.Programs.Kernels.TestKernels.Private(GpuThread t, Int32 a)", e.RemoteStackTrace, StringComparison.Ordinal);
        Assert.EndsWith(
            string.Join(Environment.NewLine, "", " ---> System.ArithmeticException: the cause", ""),
            e.RemoteStackTrace,
            StringComparison.Ordinal);
    }

    [Fact]
    public void All_is_shown_and_where_the_app_threw_it_on()
    {
        var e = new KernelException("A.B", "went wrong", "   at A.Kernel()");
        string remote = string.Join(Environment.NewLine, "A.B: went wrong", "   at A.Kernel()");
        Assert.Equal(remote, e.ToString());

        KernelException thrown = Assert.Throws<KernelException>((Action)(() => throw e));

        Assert.StartsWith(
            string.Join(Environment.NewLine, remote, "   --- thrown on by the app ---", "   at GpuSvm.Live.Tests.Kernels."),
            thrown.ToString(),
            StringComparison.Ordinal);
    }

    [Fact]
    public void An_exception_whose_members_throw_is_described_as_far_as_it_goes()
    {
        KernelException e = KernelException.Of(new Hostile(new Hostile(null)));

        string type = typeof(Hostile).ToString();
        Assert.Equal(type, e.RemoteType);
        Assert.Equal("(its message threw System.NotSupportedException)", e.Message);
        Assert.Equal(
            string.Join(
                Environment.NewLine,
                "(its stack trace threw System.NotSupportedException)",
                $" ---> {type}: (its message threw System.NotSupportedException)",
                "(its stack trace threw System.NotSupportedException)"),
            e.RemoteStackTrace);
    }

    [Theory]
    [InlineData('a')]
    [InlineData('<')]
    [InlineData('\u0001')]
    [InlineData('語')]
    public void A_long_text_is_cut_so_that_it_fits_a_message(char letter)
    {
        string text = new(letter, 100_000);

        var e = new KernelException(text, text, text);

        foreach (string kept in new[] { e.RemoteType, e.Message, e.RemoteStackTrace })
        {
            Assert.EndsWith($"{letter} (cut)", kept, StringComparison.Ordinal);
            int bytes = JsonSerializer.SerializeToUtf8Bytes(kept).Length;
            Assert.InRange(bytes, KernelException.MaxTextBytes - 48, KernelException.MaxTextBytes + 2);
        }
    }

    [Fact]
    public void A_text_that_just_fits_is_kept()
    {
        string text = new('a', KernelException.MaxTextBytes);

        Assert.Equal(text, new KernelException("", text, "").Message);
        Assert.Equal(text[..^36] + " (cut)", new KernelException("", text + "a", "").Message);
    }

    [Fact]
    public void A_chain_of_causes_ends()
    {
        Exception chain = new InvalidOperationException("innermost");
        for (int i = 0; i < 1000; i++)
        {
            chain = new InvalidOperationException("outer", chain);
        }

        Assert.Equal(9, KernelException.Of(chain).RemoteStackTrace.Split(" ---> ").Length);
    }

    private sealed class Hostile(Exception? cause) : Exception("", cause)
    {
        public override string Message => throw new NotSupportedException();

        public override string? StackTrace => throw new NotSupportedException();
    }
}
