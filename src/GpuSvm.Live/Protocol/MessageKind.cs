namespace GpuSvm.Live;

/// <summary>What a message is; each kind has one type of body (<see cref="MessageBodies"/>).</summary>
internal enum MessageKind : ushort
{
    /// <summary>App to engine: the machine that is wanted, with the userfaultfd. Answered by <see cref="Ready"/>.</summary>
    Hello = 1,

    /// <summary>Engine to app: it serves faults from now on.</summary>
    Ready = 2,

    /// <summary>App to engine: a new buffer. Answered by <see cref="Reserved"/>.</summary>
    Reserve = 3,

    /// <summary>Engine to app: the buffer's memory file.</summary>
    Reserved = 4,

    /// <summary>App to engine: a buffer is mapped at an address. Answered by <see cref="Done"/>.</summary>
    Enter = 5,

    /// <summary>App to engine: a buffer is not needed any more. Answered by <see cref="Done"/>.</summary>
    Drop = 6,

    /// <summary>App to engine: run a kernel. Answered by <see cref="Launched"/> at its end.</summary>
    Launch = 7,

    /// <summary>Engine to app: how a launch ended.</summary>
    Launched = 8,

    /// <summary>App to engine: what was counted? Answered by <see cref="CountersReply"/>.</summary>
    Counters = 9,

    /// <summary>Engine to app: what was counted.</summary>
    CountersReply = 10,

    /// <summary>App to engine: how is a page mapped? Answered by <see cref="PageState"/>.</summary>
    Query = 11,

    /// <summary>Engine to app: how a page is mapped.</summary>
    PageState = 12,

    /// <summary>App to engine: take the CPU's write access to a range away until its next store. Answered by <see cref="Done"/>.</summary>
    WriteProtect = 13,

    /// <summary>App to engine or guard: this is an orderly end. Answered by <see cref="Done"/>.</summary>
    Close = 14,

    /// <summary>To the app: what was asked for is done.</summary>
    Done = 15,

    /// <summary>To the app: what was asked for could not be done.</summary>
    Error = 16,

    /// <summary>App to guard: the processes to watch, with the userfaultfd. Answered by <see cref="Done"/>.</summary>
    Watch = 17,

    /// <summary>
    /// Engine to app, unasked: it can serve no longer, and the app's buffers are plain memory by now; the app is to end guard and engine.
    /// </summary>
    Released = 18,
}
