namespace GpuSvm.Core;

/// <summary>What a thread is about to do at a schedule point.</summary>
public enum SchedulePointKind : byte
{
    /// <summary>Take a lock, waiting for it.</summary>
    Lock,

    /// <summary>Take a lock if it is free.</summary>
    TryLock,

    /// <summary>Go on after a lock was released.</summary>
    Unlock,

    /// <summary>Wait for a condition or an event.</summary>
    Wait,

    /// <summary>Wake those who wait.</summary>
    Wake,

    /// <summary>Read or change a word that threads share without a lock.</summary>
    Word,

    /// <summary>Look again in a bounded spin.</summary>
    Spin,

    /// <summary>Start or end a thread.</summary>
    Thread,
}
