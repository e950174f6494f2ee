namespace GpuSvm.PostedStrategies;

/// <summary>Which intervals the posted teardown finds.</summary>
internal enum TeardownSearch
{
    /// <summary>Those too whose removal is put off, as was posted.</summary>
    ThoseThatLeaveToo,

    /// <summary>Only others: so the loop ends, and shows what it does not wait for.</summary>
    OnlyOthers,
}
