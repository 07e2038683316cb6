import java.io.File;
import java.util.Comparator;
import java.util.Map;
import java.util.TreeMap;
import java.util.logging.LogManager;
import org.verapdf.gf.foundry.VeraGreenfieldFoundryProvider;
import org.verapdf.pdfa.Foundries;
import org.verapdf.pdfa.PDFAParser;
import org.verapdf.pdfa.PDFAValidator;
import org.verapdf.pdfa.flavours.PDFAFlavour;
import org.verapdf.pdfa.results.TestAssertion;
import org.verapdf.pdfa.results.ValidationResult;
import org.verapdf.pdfa.validation.profiles.RuleId;

/**
 * Judges PDF files by ISO 14289-1 (PDF/UA-1) with veraPDF.
 *
 * java -cp "jars/*" PdfUA.java FILE...
 *
 * Prints a line a file, and below it a line a rule that is broken: its clause,
 * how often, what it says, and where the first time. Exit codes: 0 all files
 * conform, 1 some do not, 2 a file cannot be read.
 */
public final class PdfUA {
    private PdfUA() {}

    /** A rule that is broken: how often, and the first time. */
    private static final class Broken {
        int times;
        String says = "";
        String where = "";
    }

    public static void main(String[] files) {
        if (files.length == 0) {
            System.err.println("name PDF files");
            System.exit(2);
        }
        LogManager.getLogManager().reset(); // it warns of each nested mark, by the hundred
        VeraGreenfieldFoundryProvider.initialise();
        int worst = 0;
        for (String name : files) {
            worst = Math.max(worst, judge(new File(name)));
        }
        System.exit(worst);
    }

    private static int judge(File file) {
        PDFAFlavour flavour = PDFAFlavour.PDFUA_1;
        try (PDFAParser parser = Foundries.defaultInstance().createParser(file, flavour);
                PDFAValidator validator = Foundries.defaultInstance().createValidator(flavour, true)) {
            ValidationResult result = validator.validate(parser);
            if (result.isCompliant()) {
                System.out.printf("%s: conforms to PDF/UA-1, %d checks%n", file.getName(), result.getTotalAssertions());
                return 0;
            }
            report(file, result);
            return 1;
        } catch (Exception e) {
            System.out.printf("%s: cannot be read: %s%n", file.getName(), e);
            return 2;
        }
    }

    private static void report(File file, ValidationResult result) {
        Map<RuleId, Broken> rules = new TreeMap<>(Comparator.comparing(RuleId::getClause).thenComparing(RuleId::getTestNumber));
        for (TestAssertion a : result.getTestAssertions()) {
            if (a.getStatus() != TestAssertion.Status.FAILED) {
                continue;
            }
            Broken b = rules.computeIfAbsent(a.getRuleId(), k -> new Broken());
            if (b.times++ == 0) {
                b.says = a.getMessage();
                b.where = a.getLocation().getContext();
            }
        }
        System.out.printf("%s: does not conform to PDF/UA-1, %d rules broken%n", file.getName(), rules.size());
        rules.forEach((id, b) -> System.out.printf("  %s-%d, %d times: %s (%s)%n", id.getClause(), id.getTestNumber(), b.times, b.says, b.where));
    }
}
