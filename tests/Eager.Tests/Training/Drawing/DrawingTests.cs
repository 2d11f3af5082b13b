using System.Globalization;
using System.Xml.Linq;
using Eager.Tests.Formats;
using Eager.Train;
using NUnit.Framework;

namespace Eager.Tests.Training.Drawing;

/// <summary>What is drawn, looked at pixel by pixel and element by element.</summary>
public sealed class DrawingTests
{
    private static readonly XNamespace Svg = "http://www.w3.org/2000/svg";
    private static readonly Rgb Blue = Rgb.Of(0);

    [Test]
    public void Labelled_pictures_show_each_pixel_the_caption_and_a_bar_as_long_as_the_probability()
    {
        byte[] pixels = [255, 0, 0, 0, 255, 0, 0, 0, 255, 9, 9, 9];
        Tensor images = Tensor.From([.. pixels, .. pixels], [2, 2, 2, 3]);
        Tensor drawn = Eager.Train.Drawing.LabelledImages(images, ["a", ""], Tensor.From([[0.25f, 0.75f, 0], [1f, 0, 0]]), ["cat", "dog", "cow"], maxShown: 2, bars: 2);
        // 2 pixels at scale 56 with a margin of 4; a line of 8 with gaps above; two bars of 10 below.
        Assert.That(drawn.ConcreteShape, Is.EqualTo(Shape.FromSizes(2, 112 + 20 + 20, 112 + 8, 3)));
        Assert.That(drawn.DType, Is.EqualTo(DType.UInt8));
        Assert.That(At(drawn[0], 4 + 10, 16 + 10), Is.EqualTo(new Rgb(255, 0, 0)));
        Assert.That(At(drawn[0], 4 + 60, 16 + 55), Is.EqualTo(new Rgb(0, 255, 0)));
        Assert.That(At(drawn[0], 4 + 111, 16 + 111), Is.EqualTo(new Rgb(9, 9, 9)));
        Assert.That(At(drawn[0], 2, 2), Is.EqualTo(Rgb.White));

        // An 'a' is set in its lower left corner's neighbour: five columns of the font from the margin on.
        for (int column = 0; column < 5; column++)
            for (int row = 0; row < 8; row++) Assert.That(At(drawn[0], 4 + column, 4 + row) == Rgb.Black, Is.EqualTo(PixelFont.IsSet('a', column, row)), $"dot {column}, {row}");
        Assert.That(Enumerable.Range(0, 120).All(x => At(drawn[1], x, 7) == Rgb.White), "an empty caption shows nothing");

        // The likeliest first; a bar's last row has no text in it.
        int firstBar = 16 + 112 + 4;
        Assert.That(Enumerable.Range(4, 112).Count(x => At(drawn[0], x, firstBar) != Rgb.White), Is.EqualTo(84), "three quarters of 112");
        Assert.That(Enumerable.Range(4, 112).Count(x => At(drawn[0], x, firstBar + 10) != Rgb.White), Is.EqualTo(28));
        Assert.That(Enumerable.Range(4, 112).Count(x => At(drawn[1], x, firstBar + 10) != Rgb.White), Is.Zero);
    }

    [Test]
    public void Labelled_pictures_of_a_model_are_shown_by_a_summary()
    {
        using var folder = new TempFolder();
        string path;
        using (var writer = new FileWriter(folder.Path))
        {
            path = writer.Path;
            Tensor grey = Tensor.From([.. Enumerable.Range(0, 5 * 64).Select(i => i / 320f)], [5, 8, 8, 1]);
            Tensor drawn = Eager.Train.Drawing.LabelledImages(grey, ["seven", "one", "nine, but a long caption that does not fit"]);
            writer.Add(Summary.Image("predictions", drawn), step: 3);
        }
        SummaryValue shown = EventFileReader.Read(path).SelectMany(e => e.Values).Single();
        Assert.That(shown.Images, Has.Count.EqualTo(3));
        var image = new PngImage(shown.Images![2].ToArray());
        Assert.That((image.Width, image.Height, image.Channels), Is.EqualTo((8 * 14 + 8, (8 * 14) + 20, 3)));
    }

    [Test]
    public void What_cannot_be_drawn_is_refused()
    {
        Tensor images = Tensor.Zeros([2, 4, 4, 1]);
        Assert.Multiple(() =>
        {
            Assert.That(() => Eager.Train.Drawing.LabelledImages(images, ["one"]), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("1 captions for 2"));
            Assert.That(() => Eager.Train.Drawing.LabelledImages(images[0], ["one"]), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("[4, 4, 1]"));
            Assert.That(() => Eager.Train.Drawing.LabelledImages(images, ["", ""], Tensor.Zeros([3, 2])), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("[3, 2]"));
            Assert.That(() => Eager.Train.Drawing.LabelledImages(images, ["", ""], Tensor.Zeros([2, 2]), ["a"]), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("1 names for 2"));
            Assert.That(() => Eager.Train.Drawing.LabelledImages(images.Cast(DType.Int32), ["", ""]), Throws.TypeOf<DTypeMismatchException>());
            Assert.That(() => Eager.Train.Drawing.LabelledImages(images, ["", ""], maxShown: 0), Throws.TypeOf<InvalidArgumentException>());
            Assert.That(() => new LinePlot().Save("plot.gif"), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains(".gif"));
            Assert.That(() => new LinePlot().ToTensor(0), Throws.TypeOf<InvalidArgumentException>());
            Assert.That(() => new LinePlot().ToSvg(height: 20_000), Throws.TypeOf<InvalidArgumentException>());
            Assert.That(() => new LinePlot().Add("a", [1, 2], [1]), Throws.TypeOf<ShapeMismatchException>());
            Assert.That(() => new LinePlot().Add("a", [1], [double.NaN]), Throws.TypeOf<InvalidArgumentException>());
            Assert.That(() => new HeatMap(new double[0, 2]), Throws.TypeOf<ShapeMismatchException>());
            Assert.That(() => new HeatMap(new double[1, 2], ["a"], ["b"]), Throws.TypeOf<ShapeMismatchException>());
            Assert.That(() => new LinePlot().Save("/no/such/folder/plot.png"), Throws.TypeOf<FileWriteException>());
        });
    }

    [Test]
    public void A_curve_in_SVG_is_proportional_to_its_values_with_gaps_where_they_are_not_finite()
    {
        var plot = new LinePlot { Title = "a < b & c", XLabel = "epoch" };
        double[] y = [4, 2, 3, double.NaN, 0, 1];
        plot.Add("loss", y);
        XElement document = XDocument.Parse(plot.ToSvg(400, 300)).Root!;
        Assert.That((document.Attribute("width")!.Value, document.Attribute("height")!.Value), Is.EqualTo(("400", "300")));
        Assert.That(document.Elements(Svg + "text").Select(t => t.Value), Does.Contain("a < b & c").And.Contain("epoch").And.Contain("loss"));
        string blue = $"#{Blue.Red:x2}{Blue.Green:x2}{Blue.Blue:x2}";
        (double X, double Y)[][] runs = [.. document.Elements(Svg + "polyline").Where(p => p.Attribute("stroke")!.Value == blue).Select(Points)];
        Assert.That(runs.Select(r => r.Length), Is.EqualTo(new[] { 3, 2 }));

        // Along both axes places are an affine function of values, y pointing down.
        (double X, double Y)[] points = [.. runs.SelectMany(r => r)];
        double[] values = [.. y.Where(double.IsFinite)], places = [1, 2, 3, 5, 6];
        for (int i = 0; i < points.Length; i++)
        {
            Assert.That(points[i].Y, Is.EqualTo(points[3].Y + ((points[0].Y - points[3].Y) * values[i] / 4)).Within(0.011), "two decimals are written");
            Assert.That(points[i].X, Is.EqualTo(points[0].X + ((points[4].X - points[0].X) * (places[i] - 1) / 5)).Within(0.011));
        }
        Assert.That(points[0].Y, Is.LessThan(points[3].Y));
        // Marks are round numbers at the places of these values.
        Assert.That(document.Elements(Svg + "text").Select(t => t.Value), Is.SupersetOf(new[] { "0", "1", "2", "3", "4" }));
    }

    [Test]
    public void A_curve_in_pixels_passes_through_its_points_and_leaves_the_rest_alone()
    {
        var plot = new LinePlot();
        plot.Add("", [0, 1], [0, 1]);
        Tensor drawn = plot.ToTensor(200, 150);
        Assert.That(drawn.ConcreteShape, Is.EqualTo(Shape.FromSizes(150, 200, 3)));
        XElement document = XDocument.Parse(plot.ToSvg(200, 150)).Root!;
        string blue = $"#{Blue.Red:x2}{Blue.Green:x2}{Blue.Blue:x2}";
        (double X, double Y)[] ends = Points(document.Elements(Svg + "polyline").Single(p => p.Attribute("stroke")!.Value == blue));
        (double X, double Y) middle = ((ends[0].X + ends[1].X) / 2, (ends[0].Y + ends[1].Y) / 2);
        // The middle is where four pixels meet; the line is wider than one.
        Rgb there = At(drawn, (int)middle.X, (int)middle.Y);
        Assert.That(there.Blue - there.Red, Is.GreaterThan(Blue.Blue / 2), "blue on the line");
        Assert.That(At(drawn, (int)middle.X + 8, (int)middle.Y + 30), Is.EqualTo(Rgb.White));
    }

    [TestCase(new double[] { })]
    [TestCase(new double[] { 3 })]
    [TestCase(new double[] { 0, 0, 0 })]
    [TestCase(new double[] { double.NaN, double.PositiveInfinity })]
    [TestCase(new double[] { -1.5e308, 1.5e308 })]
    [TestCase(new double[] { 5e-324, 0 })]
    [TestCase(new double[] { 1e9, 1e9 + 1 })]
    public void Curves_of_any_numbers_can_be_drawn(double[] values)
    {
        var plot = new LinePlot();
        plot.Add("curve", values);
        XElement document = XDocument.Parse(plot.ToSvg()).Root!;
        Assert.That(document.Descendants().Attributes().Select(a => a.Value), Has.None.Contains("NaN").And.None.Contains("Infinity"));
        Assert.That(plot.ToTensor(1, 1).ElementCount, Is.EqualTo(3));
        Assert.That(plot.ToTensor().ToArray<byte>().Distinct().Count(), Is.GreaterThan(1));
    }

    [Test]
    public void A_confusion_matrix_is_a_table_of_shades()
    {
        var confusion = new ConfusionMatrix(2);
        confusion.Update(Tensor.From(0L, 0, 0, 0, 1), Tensor.From([[1f, 0], [1f, 0], [1f, 0], [0f, 1], [1f, 0]]));
        HeatMap map = HeatMap.Of(confusion, ["cat", "dog"]);
        XElement document = XDocument.Parse(map.ToSvg()).Root!;
        XElement[] cells = [.. document.Elements(Svg + "rect").Skip(1)];
        Assert.That(cells.Select(c => c.Attribute("fill")!.Value), Is.EqualTo(new[] { "#08306b", Shade(1 / 3.0), Shade(1 / 3.0), "#ffffff" }));
        Assert.That(document.Elements(Svg + "text").Select(t => t.Value), Is.SupersetOf(new[] { "label", "predicted", "cat", "dog", "3", "1", "0" }));
        Assert.That(Number(cells[0], "x"), Is.EqualTo(Number(cells[2], "x")).And.LessThan(Number(cells[1], "x")));
        Assert.That(Number(cells[0], "y"), Is.EqualTo(Number(cells[1], "y")).And.LessThan(Number(cells[2], "y")));

        Tensor drawn = map.ToTensor();
        (double x, double y) = (Number(cells[0], "x"), Number(cells[0], "y"));
        Assert.That(At(drawn, (int)x + 2, (int)y + 2), Is.EqualTo(new Rgb(8, 48, 107)));
        Assert.That(XDocument.Parse(HeatMap.Of(confusion, normalize: true).ToSvg()).Root!.Elements(Svg + "text").Select(t => t.Value), Is.SupersetOf(new[] { "0.75", "0.25", "1" }));

        static string Shade(double share) => string.Create(CultureInfo.InvariantCulture, $"#{(int)Math.Round(255 - (247 * share)):x2}{(int)Math.Round(255 - (207 * share)):x2}{(int)Math.Round(255 - (148 * share)):x2}");
    }

    [Test]
    public void Files_are_written_as_their_endings_say_and_a_history_draws_its_curves()
    {
        using var folder = new TempFolder();
        var plot = new LinePlot { Title = "loss" };
        plot.Add("train", [3, 2, 1]);
        plot.Save(folder.File("plot.PNG"), 300, 200);
        var image = new PngImage(File.ReadAllBytes(folder.File("plot.PNG")));
        Assert.That((image.Width, image.Height, image.Channels), Is.EqualTo((300, 200, 3)));
        Assert.That(image.Pixels, Is.EqualTo(plot.ToTensor(300, 200).ToArray<byte>()));

        var history = new History();
        Assert.That(() => history.Plot(folder.File("none.svg")), Throws.TypeOf<InvalidArgumentException>());
        for (int epoch = 0; epoch < 4; epoch++)
            history.Add(epoch, new Dictionary<string, double>(StringComparer.Ordinal) { ["loss"] = 1.0 / (epoch + 1), ["accuracy"] = epoch / 4.0, ["val_loss"] = 1.5 / (epoch + 1), ["val_accuracy"] = epoch / 5.0 });
        history.Plot(folder.File("history.svg"));
        XElement document = XDocument.Load(folder.File("history.svg")).Root!;
        Assert.That(document.Elements(Svg + "text").Select(t => t.Value), Is.SupersetOf(new[] { "loss", "accuracy", "val_loss", "val_accuracy", "epoch", "1", "4" }));
        Assert.That(document.Elements(Svg + "polyline").Count(p => p.Attribute("stroke-width")!.Value == "1.5"), Is.EqualTo(4));
        history.Plot(folder.File("history.png"));
        Assert.That(new PngImage(File.ReadAllBytes(folder.File("history.png"))).Height, Is.EqualTo(640));
    }

    [Test]
    public void Every_printable_letter_has_a_shape_of_its_own()
    {
        string Shape(char letter) => string.Concat(from row in Enumerable.Range(0, 8) from column in Enumerable.Range(0, 5) select PixelFont.IsSet(letter, column, row) ? '#' : '.');
        char[] letters = [.. Enumerable.Range(' ', '~' - ' ' + 1).Select(i => (char)i)];
        Assert.That(letters.Select(Shape).Distinct().Count(), Is.EqualTo(letters.Length));
        Assert.That(Shape(' '), Does.Not.Contain('#'));
        Assert.That(Shape('é'), Is.EqualTo(Shape('ß')), "letters beyond ASCII are frames");
        Assert.That(Shape('L'), Is.EqualTo("#....#....#....#....#....#....#####....."));
    }

    private static Rgb At(Tensor picture, int x, int y)
    {
        byte[] pixel = picture[y, x].ToArray<byte>();
        return new(pixel[0], pixel[1], pixel[2]);
    }

    private static (double X, double Y)[] Points(XElement line) =>
        [.. line.Attribute("points")!.Value.Split(' ').Select(p => p.Split(',')).Select(p => (double.Parse(p[0], CultureInfo.InvariantCulture), double.Parse(p[1], CultureInfo.InvariantCulture)))];

    private static double Number(XElement element, string attribute) => double.Parse(element.Attribute(attribute)!.Value, CultureInfo.InvariantCulture);
}
