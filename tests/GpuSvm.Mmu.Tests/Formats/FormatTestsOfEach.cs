using GpuSvm.Mmu.Formats.Gf100;
using GpuSvm.Mmu.Formats.Gh100;
using GpuSvm.Mmu.Formats.Gp100;

namespace GpuSvm.Mmu.Tests.Formats;

public class Gf100With64KFormatTests : FormatTests<Gf100Format<Gf100Generation, Gf100LargePage64K>>;

public class Gf100With128KFormatTests : FormatTests<Gf100Format<Gf100Generation, Gf100LargePage128K>>;

public class Gk104With64KFormatTests : FormatTests<Gf100Format<Gk104Generation, Gf100LargePage64K>>;

public class Gk104With128KFormatTests : FormatTests<Gf100Format<Gk104Generation, Gf100LargePage128K>>;

public class Gm200With64KFormatTests : FormatTests<Gf100Format<Gm200Generation, Gf100LargePage64K>>;

public class Gm200With128KFormatTests : FormatTests<Gf100Format<Gm200Generation, Gf100LargePage128K>>;

public class Gp100FormatTests : FormatTests<Gp100Format>;

public class Gh100FormatTests : FormatTests<Gh100Format>;
