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

    /// <summary>App to engine: it has changed its rights to pages; the GPU gets no more than these. Answered by <see cref="Done"/>.</summary>
    Protect = 19,

    /// <summary>App to engine: where memory shall live. Answered by <see cref="Done"/>.</summary>
    Advise = 20,

    /// <summary>App to engine: what was said of memory? Answered by <see cref="AdviceReply"/>.</summary>
    GetAdvice = 21,

    /// <summary>Engine to app: what was said.</summary>
    AdviceReply = 22,

    /// <summary>App to engine: move pages to the GPU's memory. Answered by <see cref="Migrated"/>.</summary>
    Migrate = 23,

    /// <summary>Engine to app: how many have moved.</summary>
    Migrated = 24,

    /// <summary>App to engine: bring pages home and keep them there. Answered by <see cref="Pinned"/>.</summary>
    Pin = 25,

    /// <summary>Engine to app: the pages are at home.</summary>
    Pinned = 26,

    /// <summary>App to engine: the pages may move again. Answered by <see cref="Done"/>.</summary>
    Unpin = 27,

    /// <summary>App to engine: where are pages? Answered by <see cref="ResidencyReply"/>.</summary>
    Residency = 28,

    /// <summary>Engine to app: where pages are.</summary>
    ResidencyReply = 29,

    /// <summary>App to engine: which ranges are there? Answered by <see cref="RangesReply"/>.</summary>
    Ranges = 30,

    /// <summary>Engine to app: the ranges.</summary>
    RangesReply = 31,

    /// <summary>App to engine: what has happened? Answered by <see cref="EventsReply"/>.</summary>
    DrainEvents = 32,

    /// <summary>Engine to app: what has happened.</summary>
    EventsReply = 33,

    /// <summary>Engine to app, and app to guard: hold the userfaultfd of a child that was forked, which comes along. Not answered.</summary>
    Hold = 34,

    /// <summary>App to engine: a ring by which pages can be taken from the app. Answered by <see cref="Done"/>.</summary>
    Lend = 40,

    /// <summary>App to engine: private memory that the GPU is to share. Answered by <see cref="Adopted"/>.</summary>
    Adopt = 41,

    /// <summary>Engine to app: what is shared now.</summary>
    Adopted = 42,

    /// <summary>App to engine: adopted memory is to be the app's own again. Answered by <see cref="Done"/>.</summary>
    GiveBack = 43,

    /// <summary>A C program to engine, in place of <see cref="Hello"/>, with the userfaultfd. Answered by <see cref="Ready"/>.</summary>
    Greet = 44,

    /// <summary>App to engine: run a kernel that is named. Answered by <see cref="Launched"/> at its end.</summary>
    LaunchNamed = 45,
}
