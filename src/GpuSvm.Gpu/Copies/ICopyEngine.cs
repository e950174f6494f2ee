namespace GpuSvm.Gpu;

/// <summary>The part of a GPU that moves bytes while its SMs do other things.</summary>
public interface ICopyEngine
{
    /// <summary>The fence of the last job that has ended; those of all jobs before have been passed.</summary>
    long PassedFence { get; }

    /// <summary>Hands a job in. Jobs are done one after another, in this order.</summary>
    /// <param name="commands">At least one; they are done in order.</param>
    /// <returns>The job's fence: higher than those before.</returns>
    /// <remarks>The memory must stay, and stay mapped for DMA, until <see cref="Wait"/> has returned for the job.</remarks>
    long Submit(ReadOnlySpan<CopyCommand> commands);

    /// <summary>Waits until a job has ended, well or not. To be called once for each job.</summary>
    /// <param name="fence">What <see cref="Submit"/> gave.</param>
    /// <param name="deadline">When the engine is given up.</param>
    /// <returns>
    /// <see cref="Errno.None"/>; <see cref="Errno.EIO"/> when a command failed: those before it are done, it and those behind it may be
    /// in part; <see cref="Errno.ETIMEDOUT"/> when the engine did not answer in time. In any case it touches the job's memory no more.
    /// </returns>
    /// <exception cref="ArgumentException">There is no such job, or somebody has waited for it already.</exception>
    /// <remarks>Locking: no lock from the update lock on is held.</remarks>
    Errno Wait(long fence, Deadline deadline);
}
