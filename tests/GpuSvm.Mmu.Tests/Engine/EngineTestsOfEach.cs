using GpuSvm.Mmu.Formats.Gf100;
using GpuSvm.Mmu.Formats.Gh100;
using GpuSvm.Mmu.Formats.Gp100;

namespace GpuSvm.Mmu.Tests.Engine;

public class Gf100With64KEngineTests : EngineTests<Gf100Format<Gf100Generation, Gf100LargePage64K>>;

public class Gf100With128KEngineTests : EngineTests<Gf100Format<Gf100Generation, Gf100LargePage128K>>;

public class Gk104With64KEngineTests : EngineTests<Gf100Format<Gk104Generation, Gf100LargePage64K>>;

public class Gm200With64KEngineTests : EngineTests<Gf100Format<Gm200Generation, Gf100LargePage64K>>;

public class Gm200With128KEngineTests : EngineTests<Gf100Format<Gm200Generation, Gf100LargePage128K>>;

public class Gp100EngineTests : EngineTests<Gp100Format>;

public class Gh100EngineTests : EngineTests<Gh100Format>;
