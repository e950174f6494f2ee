using System.Runtime.InteropServices;
using GpuSvm.Core;

namespace GpuSvm.Live.Programs.Adopted;

/// <summary>What cannot be adopted, and what is said of it; with <c>no-forks</c>: nothing, by who does not hear of forks.</summary>
internal sealed unsafe partial class AdoptedRefused : ILiveProgram
{
    /// <inheritdoc/>
    public string Name => "adopted-refused";

    /// <inheritdoc/>
    public Task RunAsync(string[] args, TextWriter output)
    {
        SvmSession svm = SvmSession.OpenAsync(new SvmOptions()).GetAwaiter().GetResult();
        if (args is ["no-forks"])
        {
            Check.That(!svm.Features.Contains("EVENT_FORK"), "Forks are told.");
            DemandRefusal(svm, (ulong)NativeMemory.Alloc(4096), "EVENT_FORK");
            svm.DisposeAsync().AsTask().GetAwaiter().GetResult();
            return Task.CompletedTask;
        }

        {
            Refuse(svm, GC.AllocateArray<long>(10, pinned: true));
            Refuse(svm, new long[10]);
            Refuse(svm, new long[100_000]);
            using SvmBuffer<long> shared = svm.Allocate<long>(10);
            DemandRefusal(svm, shared.Address, "is shared memory");
            DemandRefusal(svm, (ulong)(nint)NativeLibrary.GetExport(NativeLibrary.Load("libc"), "malloc"), "is of a file");
            DemandRefusal(svm, 0x10000, "nothing is mapped at");
            byte* block = (byte*)NativeMemory.AlignedAlloc(1 << 20, 4096);
            Check.Equal(0, Lock(block + 4096, 4096), "mlock");
            DemandRefusal(svm, (ulong)block, "is locked");
            Check.Equal(0, Unlock(block + 4096, 4096), "munlock");
            using AdoptedMemory adopted = svm.Adopt((ulong)block, 1 << 20);
            Check.Equal(1UL << 20, adopted.Size.Bytes, "size of whole pages");
        }

        svm.DisposeAsync().AsTask().GetAwaiter().GetResult();

        SvmSession other = SvmSession.OpenAsync(new SvmOptions { Strategy = MirrorStrategy.TableAligned }).GetAwaiter().GetResult();
        DemandRefusal(other, (ulong)NativeMemory.Alloc(4096), "only with the strategy SizedRanges");
        other.DisposeAsync().AsTask().GetAwaiter().GetResult();
        return Task.CompletedTask;
    }

    private static void Refuse(SvmSession svm, long[] array)
    {
        fixed (long* first = array)
        {
            try
            {
                svm.Adopt((ulong)first, 8).Dispose();
                Check.That(false, $"An array of {array.Length} was adopted.");
            }
            catch (ArgumentException refused)
            {
                Check.That(refused.Message.Contains("garbage collector", StringComparison.Ordinal), refused.Message);
            }
        }
    }

    private static void DemandRefusal(SvmSession svm, VirtualAddress address, string words)
    {
        try
        {
            svm.Adopt(address, 16384).Dispose();
            Check.That(false, $"{address} was adopted: {words}");
        }
        catch (SvmException refused)
        {
            Check.Equal(Errno.EOPNOTSUPP, refused.Error, refused.Message);
            Check.That(refused.Message.Contains(words, StringComparison.Ordinal), refused.Message);
        }
    }

    [LibraryImport("libc", EntryPoint = "mlock")]
    private static partial int Lock(void* address, nuint length);

    [LibraryImport("libc", EntryPoint = "munlock")]
    private static partial int Unlock(void* address, nuint length);
}
