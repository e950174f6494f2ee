using System.Runtime.InteropServices;

namespace GpuSvm.Live.Programs;

/// <summary>A read-only buffer that the app itself makes writable with mprotect, which no event tells: its stores must be served.</summary>
internal sealed partial class GrownRights : ILiveProgram
{
    private const int ReadWrite = 3;
    private const int Pages = 4;

    /// <inheritdoc/>
    public string Name => "grown-rights";

    /// <inheritdoc/>
    public async Task RunAsync(string[] args, TextWriter output)
    {
        await using SvmSession svm = await SvmSession.OpenAsync(new SvmOptions());
        VirtualAddress buffer = svm.Map((ulong)Pages * 4096, Protection.Read);
        Check.Equal(0, svm.Span<byte>(buffer, 1)[0], "the first byte");
        Check.Equal(0, SetProtection((nint)buffer.Value, Pages * 4096, ReadWrite), "mprotect");
        for (int page = 0; page < Pages; page++)
        {
            // The first page is there already and marked against writing, the others are not there yet.
            svm.Span<byte>(buffer, Pages * 4096)[page * 4096] = 7;
        }

        LaunchResult result = await svm.LaunchAsync(StoreNine, grid: 1, block: 1, buffer);
        result.ThrowIfFailed();
        Check.Equal(9, svm.Span<byte>(buffer, 1)[0], "what the GPU stored");
    }

    private static async GpuTask StoreNine(GpuThread t, VirtualAddress at) => await t.Store<byte>(at, 9);

    [LibraryImport("libc", EntryPoint = "mprotect")]
    private static partial int SetProtection(nint address, nint length, int protection);
}
