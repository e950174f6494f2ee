using GpuSvm.Core;

namespace GpuSvm;

/// <summary>Work that waits for system calls, on a thread of its own instead of one of the pool's few.</summary>
internal static class Background
{
    /// <summary>Runs something; the task ends as it does.</summary>
    public static Task<T> Run<T>(string name, Func<T> work)
    {
        var result = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        SvmThread.Start(name, () =>
        {
            try
            {
                result.SetResult(work());
            }
            catch (Exception error)
            {
                result.SetException(error);
            }
        });
        return result.Task;
    }
}
