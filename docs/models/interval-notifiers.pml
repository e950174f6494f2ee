/*
 * The interval notifiers of an address space: a model for SPIN. README.md says how to run it, and which code each step stands for.
 *
 * Two pages; two notifiers with a mirror each. Notifier 0 covers page 0; notifier 1 covers both and has page 1 in its mirror. Two writers
 * invalidate a page of their choice, ROUNDS times each. One user for each notifier inserts it, reads, and removes it, as often as it likes.
 *
 * A critical section of IntervalNotifiers._lock is one atomic step. Update locks are real locks here, and what is done under them is
 * several steps. The sequence only grows, so ROUNDS bounds the states.
 */
#ifndef ROUNDS
#define ROUNDS 1
#endif

#define NONE 0
#define CURRENT 1    /* the frame that the CPU's page table has now */
#define FREED 2
#define COVERS(notifier, page) (notifier >= page)
#define ME (_pid - 2)
#define ODD(number) ((number & 1) == 1)

/* IntervalNotifiers */
byte sequence = 2;
byte running = 0;             /* _active */
bool inTree[2];
bool deferred[2];
bool asleep[2];               /* the notifier's user waits in _ended */

/* IntervalNotifier */
byte own[2] = 1;              /* Sequence */
bool inserted[2];             /* Owner is set */

/* The mirrors: mirror n has page n. */
bool held[2];                 /* UpdateLock */
byte entry[2] = NONE;
byte found[2] = NONE;         /* what its reader has found in the CPU's page table */

/* For the properties only. */
byte callbacks[2];            /* that run for a notifier */
byte walkers = 0;             /* invalidations that walk the tree without a lock */

#ifdef LIVENESS
bool busy[2];                 /* the user reads or removes */
#define BUSY(notifier, value) busy[notifier] = value
#define AGAIN break           /* one read and one removal each */
ltl reader0_gets_on { [] (busy[0] -> <> !busy[0]) }
ltl reader1_gets_on { [] (busy[1] -> <> !busy[1]) }
#else
#define BUSY(notifier, value) skip
#define AGAIN skip
#endif

/* What holds after each critical section. */
inline check_rules()
{
    assert(!ODD(sequence) || running > 0);                /* idle is even */
    assert(ODD(own[0]) && ODD(own[1]));                   /* a notifier's sequence is always odd ... */
    assert(own[0] <= sequence && own[1] <= sequence);     /* ... and never ahead */
    assert(walkers == 0 || ODD(sequence));                /* who walks without a lock has frozen the tree */
    assert((!deferred[0] && !deferred[1]) || ODD(sequence))
}

/* A notifier enters or leaves the tree. */
inline change_tree(notifier, present)
{
    assert(walkers == 0);
    inTree[notifier] = present
}

inline acquire(notifier)
{
    atomic { !held[notifier]; held[notifier] = true }
}

inline release(notifier)
{
    held[notifier] = false
}

/* ---- Writers ---- */

/* The CPU's entry is replaced and its old frame freed: nobody may have it any more, and what a reader has found is old. */
inline change_page(page)
{
    d_step {
        assert(entry[page] == NONE);
        if :: found[page] == CURRENT -> found[page] = FREED :: else fi
    }
}

inline end_deferred(notifier)
{
    if
    :: deferred[notifier] ->
#ifdef DEFERRED_INSERT_LOST
        if :: inTree[notifier] -> change_tree(notifier, false) :: else fi;
#else
#ifdef DEFERRED_REMOVE_LOST
        if :: !inTree[notifier] -> change_tree(notifier, true) :: else fi;
#else
        change_tree(notifier, !inTree[notifier]);
#endif
#endif
        deferred[notifier] = false
    :: else
    fi
}

inline end_invalidation()
{
    d_step {
        running--;
        if
#ifdef END_DOES_NOT_COUNT
        :: ODD(sequence) ->
#else
        :: running == 0 && ODD(sequence) ->
#endif
            sequence++;
            end_deferred(0);
            end_deferred(1);
            wake = true
        :: else
        fi;
        check_rules()
    }
    if
    :: wake ->
#ifndef END_WAKES_NOBODY
        d_step { asleep[0] = false; asleep[1] = false };
#endif
        wake = false
    :: else
    fi
}

/* The mirror of a notifier drops its entries of a page. The update lock is held. */
inline drop(notifier, page)
{
    d_step {
        assert(inserted[notifier]);
#ifdef OWN_EVENT_SKIPPED
        if :: notifier == page && _pid != 0 -> entry[page] = NONE :: else fi
#else
        if :: notifier == page -> entry[page] = NONE :: else fi
#endif
    }
}

active [2] proctype Writer()
{
    byte round, page, notifier, current;
    bool reached, refused, wake;

    do
    :: round < ROUNDS ->
        if :: page = 0 :: page = 1 fi;

#ifdef FREED_BEFORE_DROP
        change_page(page);
#endif
        /* Begin */
        d_step {
            running++;
            reached = (inTree[0] && COVERS(0, page)) || (inTree[1] && COVERS(1, page));
            if
            :: reached ->
#ifndef SEQUENCE_STAYS_EVEN
                sequence = sequence | 1;
#endif
                walkers++
            :: else
            fi;
            current = sequence;
            check_rules()
        }

        notifier = 0;
        do
        :: reached && !refused && notifier < 2 ->
            if
            :: atomic { inTree[notifier] && COVERS(notifier, page) -> callbacks[notifier]++ };
                if
                :: atomic { !held[notifier] -> held[notifier] = true };
#ifdef SEQUENCE_AFTER_DROP
                    drop(notifier, page);
                    release(notifier);
                    own[notifier] = current
#else
                    own[notifier] = current;
                    drop(notifier, page);
                    release(notifier)
#endif
                :: held[notifier] -> refused = true     /* it may not wait */
                fi;
                d_step { assert(inserted[notifier]); callbacks[notifier]-- }
            :: !(inTree[notifier] && COVERS(notifier, page))
            fi;
            notifier++
        :: else -> break
        od;
        atomic { if :: reached -> walkers-- :: else fi }

        if
#ifdef REFUSAL_IGNORED
        :: true -> change_page(page)
#else
        :: !refused ->
#ifndef FREED_BEFORE_DROP
            change_page(page)
#endif
        :: else
#endif
        fi;

        end_invalidation();
        d_step { round++; page = 0; notifier = 0; current = 0; reached = false; refused = false }
    :: else -> break
    od
}

/* ---- Users: a reader, who also inserts and removes ---- */

inline insert(me)
{
    d_step {
        inserted[me] = true;
        if
        :: ODD(sequence) ->
            deferred[me] = true;
            own[me] = sequence
#ifndef INSERT_DOES_NOT_FREEZE
        :: !ODD(sequence) && running > 0 ->
            sequence = sequence | 1;
            change_tree(me, true);
            own[me] = sequence
#endif
        :: else ->
            change_tree(me, true);
            own[me] = sequence - 1
        fi;
        check_rules()
    }
}

/* Waits in _ended while the sequence is the one seen, if it has to wait at all. A wake is no promise: it looks again. */
inline wait_for_end_of(me, seen)
{
    do
    :: waits ->
        !asleep[me];
        d_step { waits = (sequence == seen); asleep[me] = waits }
    :: else -> break
    od
}

/* TryReadBegin */
inline begin_read(me)
{
    d_step {
        seen = own[me];
#ifndef READ_BEGIN_DOES_NOT_WAIT
        if
        :: seen == sequence -> waits = true; asleep[me] = true
        :: else
        fi
#endif
    }
#ifdef DEADLINES
    if
    :: waits -> waits = false; asleep[me] = false; late = true      /* the deadline may pass at any time */
    :: true
    fi;
#endif
    wait_for_end_of(me, seen)
}

/* Reads its page and enters it into the mirror. */
inline read(me)
{
    do
    :: begin_read(me);
        if
        :: late -> break
        :: else
        fi;
        found[me] = CURRENT;
#ifdef RETRY_OUTSIDE_LOCK
        again = (own[me] != seen);
        acquire(me);
#else
        acquire(me);
#ifndef NO_READ_RETRY
        again = (own[me] != seen);
#endif
#endif
        if
        :: again -> release(me)
        :: else ->
            d_step { assert(found[me] == CURRENT); entry[me] = found[me] };
            release(me);
            break
        fi
    od;
    atomic { seen = 0; found[me] = NONE; late = false; again = false }
}

inline remove(me)
{
    /* Whoever removes a notifier has emptied its mirror: nobody will tell it of changes any more. */
    acquire(me);
    entry[me] = NONE;
    release(me);
    d_step {
        if
        :: !ODD(sequence) -> change_tree(me, false)
        :: ODD(sequence) && !inTree[me] -> deferred[me] = false
        :: ODD(sequence) && inTree[me] ->
#ifdef REMOVE_DOES_NOT_FREEZE
            change_tree(me, false)
#else
            deferred[me] = true;
#ifndef REMOVE_DOES_NOT_WAIT
            waits = true;
            asleep[me] = true;
#endif
            seen = sequence
#endif
        fi
    }
    wait_for_end_of(me, seen);
    atomic {
        assert(callbacks[me] == 0 && !inTree[me] && !deferred[me]);
        inserted[me] = false;
        own[me] = 1;
        seen = 0
    }
}

active [2] proctype User()
{
    byte seen;
    bool waits, late, again;

    do
    :: insert(ME);
        do
        :: BUSY(ME, true); read(ME); BUSY(ME, false); AGAIN
        :: break
        od;
        BUSY(ME, true); remove(ME); BUSY(ME, false); AGAIN
    :: break
    od
}
