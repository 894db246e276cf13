/** A main method that returns without having submitted anything. */
public class NeverExecutes {
    public static void main(String[] args) {}
}
