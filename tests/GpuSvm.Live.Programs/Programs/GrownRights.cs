using GpuSvm.Core;
using GpuSvm.Live.Programs.Infrastructure;

namespace GpuSvm.Live.Programs;

/// <summary>A read-only buffer that the app itself makes writable with mprotect, which no event tells: its stores must be served.</summary>
internal sealed class GrownRights : ILiveProgram
{
    private const int Pages = 4096;

    /// <inheritdoc/>
    public string Name => "grown-rights";

    /// <inheritdoc/>
    public async Task RunAsync(string[] args, TextWriter output)
    {
        await using SvmSession svm = await SvmSession.OpenAsync(new SvmOptions());
        VirtualAddress buffer = svm.Map(Pages * Page.Size, Protection.Read);
        for (int page = 0; page < Pages; page += 2)
        {
            Check.Equal(0, Volatile.Read(ref svm.Word(buffer, page)), "a fresh word");
        }

        RawCalls.Protect(buffer, Pages * Page.Size, RawCalls.ReadWrite);
        for (int page = 0; page < Pages; page++)
        {
            // Every second page is there already and marked against writing, the others are not there yet.
            svm.Word(buffer, page) = page;
        }

        (await svm.AddAsync(buffer, Pages, 9)).ThrowIfFailed();
        for (int page = 0; page < Pages; page++)
        {
            Check.Equal(page + 9, svm.Word(buffer, page), "a word of both");
        }
    }
}
