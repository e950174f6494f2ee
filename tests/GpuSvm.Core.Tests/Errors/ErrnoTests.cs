namespace GpuSvm.Core.Tests.Errors;

public class ErrnoTests
{
    /// <summary>Numbers of Linux include/uapi/asm-generic/errno-base.h and errno.h.</summary>
    [Theory]
    [InlineData(Errno.None, 0)]
    [InlineData(Errno.EPERM, 1)]
    [InlineData(Errno.ENOENT, 2)]
    [InlineData(Errno.EIO, 5)]
    [InlineData(Errno.ENXIO, 6)]
    [InlineData(Errno.EAGAIN, 11)]
    [InlineData(Errno.ENOMEM, 12)]
    [InlineData(Errno.EACCES, 13)]
    [InlineData(Errno.EFAULT, 14)]
    [InlineData(Errno.EBUSY, 16)]
    [InlineData(Errno.EEXIST, 17)]
    [InlineData(Errno.ENODEV, 19)]
    [InlineData(Errno.EINVAL, 22)]
    [InlineData(Errno.ENOSPC, 28)]
    [InlineData(Errno.ERANGE, 34)]
    [InlineData(Errno.ENOSYS, 38)]
    [InlineData(Errno.EOVERFLOW, 75)]
    [InlineData(Errno.EOPNOTSUPP, 95)]
    [InlineData(Errno.ETIMEDOUT, 110)]
    [InlineData(Errno.ECANCELED, 125)]
    public void Error_codes_have_the_numbers_of_Linux(Errno error, int number) => Assert.Equal(number, (int)error);

    [Fact]
    public void An_exception_names_its_error()
    {
        var failure = new SvmException(Errno.ENOMEM, "mmap could not reserve 4096 bytes.");

        Assert.Equal(Errno.ENOMEM, failure.Error);
        Assert.Equal("mmap could not reserve 4096 bytes. (ENOMEM)", failure.Message);
    }

    [Fact]
    public void A_broken_invariant_stops_test_processes()
    {
        Assert.True(Checks.Enabled);
        Checks.That(true, "Two is two.");
        Assert.Equal("Invariant broken: Two is three.", Assert.Throws<InvariantException>(() => Checks.That(false, "Two is three.")).Message);
    }
}
