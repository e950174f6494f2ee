namespace GpuSvm.Core.Tests.Infrastructure;

/// <summary>Runs a body on several threads, none of which begins before all are there.</summary>
internal static class Together
{
    public static void Run(int count, Action<int> body)
    {
        int ready = 0;
        SvmThread[] threads = Enumerable.Range(0, count).Select(id => SvmThread.Start($"worker {id}", () =>
        {
            Interlocked.Increment(ref ready);
            var spin = default(Spin);
            while (Volatile.Read(ref ready) < count)
            {
                spin.Once();
            }

            body(id);
        })).ToArray();
        Array.ForEach(threads, thread => thread.Join());
    }
}
