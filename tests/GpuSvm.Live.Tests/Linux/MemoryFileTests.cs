using GpuSvm.Core;
using Microsoft.Win32.SafeHandles;

namespace GpuSvm.Live.Tests.Linux;

/// <summary>A memory file cannot change its size under those who map it.</summary>
public sealed class MemoryFileTests
{
    [Fact]
    public void Nobody_can_shrink_grow_or_unseal_it()
    {
        using SafeFileHandle file = MemoryFile.Create("gpusvm-test", 8 * Page.Size);

        foreach (nint size in (nint[])[0, 4096, 9 * 4096])
        {
            Assert.Equal(-1, Libc.Truncate(file, size));
            Assert.Equal(Errno.EPERM, Libc.LastError);
        }

        const int AddSeals = 1033;
        const int SealWrite = 8;
        Assert.Equal(-1, Libc.Control(file, AddSeals, SealWrite));
        Assert.Equal(Errno.EPERM, Libc.LastError);
        Assert.Equal(8 * 4096, RandomAccess.GetLength(file));
    }

    [Fact]
    public void It_consists_of_whole_pages_and_is_not_inherited()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => MemoryFile.Create("gpusvm-test", 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => MemoryFile.Create("gpusvm-test", 4097));

        using SafeFileHandle file = MemoryFile.Create("gpusvm-test", Page.Size);
        const int GetDescriptorFlags = 1;
        Assert.Equal(1, Libc.Control(file, GetDescriptorFlags, 0));
    }
}
