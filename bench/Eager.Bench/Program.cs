using Eager;
using Eager.Bench;

switch (args)
{
    case ["serve", var data, var threads, .. var kernels]:
        new EagerServer(data, Count(threads), kernels is [var own] ? Count(own) : 1).Serve();
        return 0;
    case ["once"]:
        Console.WriteLine(Tensor.Ones([3]).Sum().Item());
        return 0;
    default:
        return Options.Parse(args) is { } options ? new BenchmarkRun(options).Execute() : 2;
}

static int Count(string text) => int.Parse(text, System.Globalization.CultureInfo.InvariantCulture);
